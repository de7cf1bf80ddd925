import { afterEach, describe, expect, test } from 'vitest'
import { ancestorAt, eventsOf, transfersOf } from '../../src/demo/starknet/state.ts'
import { addressOf, CAST } from './node/cast.ts'
import { blocksOf, readEvents } from './node/read-events.ts'
import { type NodeWorld, type NodeWorldOptions, startNodeWorld } from './node/world.ts'

let world: NodeWorld | undefined
afterEach(async () => {
  const problems = world?.problems
  await world?.stop()
  world = undefined
  expect(problems).toEqual([])
})

async function start(options: NodeWorldOptions): Promise<NodeWorld> {
  world = await startNodeWorld(options)
  return world
}

describe('the chain', () => {
  test('is the same for the same seed, and another for another', async () => {
    const first = await start({ blocks: 40 })
    const { hash } = first.chain.head
    await first.stop()
    const again = await start({ blocks: 40 })
    expect(again.chain.head.hash).toBe(hash)
    await again.stop()
    expect((await start({ blocks: 40, seed: 2 })).chain.head.hash).not.toBe(hash)
  })

  test('has fees as a third to four fifths of its transfers, and reverted transactions that only pay theirs', async () => {
    const { chain } = await start({ blocks: 400, l1Below: 100 })
    const blocks = blocksOf(chain.head)
    const transfers = blocks.slice(1).flatMap(transfersOf)
    const fees = transfers.filter(({ token, to }) => token === CAST.strk && to === CAST.sequencer)
    expect(fees.length / transfers.length).toBeGreaterThan(1 / 3)
    expect(fees.length / transfers.length).toBeLessThan(4 / 5)
    const reverted = blocks.flatMap(({ transactions }) => transactions.filter((one) => one.revertReason !== undefined))
    expect(reverted.length).toBeGreaterThan(20)
    for (const { sender, fee, events } of reverted) {
      expect(events.flatMap(({ told }) => told)).toEqual([{ from: sender, to: CAST.sequencer, amount: fee }])
    }
  })

  test('has events in all layouts', async () => {
    const { chain } = await start({ blocks: 600, l1Below: 100 })
    const forms = new Set(
      blocksOf(chain.head)
        .flatMap(eventsOf)
        .filter(({ event }) => event.told.length > 0)
        .map(
          ({ event: { keys, data, told } }) =>
            `${keys.length}+${told.length > 1 || keys.length === 4 ? 'n' : data.length}`,
        ),
    )
    expect([...forms].sort()).toEqual(['1+4', '1+7', '1+n', '3+2', '4+n', '5+0'])
  })

  test('keeps the sum of balances equal to the supply for ordinary tokens', async () => {
    const { chain } = await start({ blocks: 300, l1Below: 100 })
    for (const name of ['cairo1', 'cairo0', 'switching', 'longName', 'arrayName'] as const) {
      const storage = chain.head.state.contracts.get(addressOf(name))?.storage ?? new Map<string, bigint>()
      const sum = [...storage].reduce((total, [key, value]) => (key.startsWith('0x') ? total + value : total), 0n)
      expect(sum).toBe(storage.get('supply'))
      const told = new Map<string, bigint>()
      for (const { token, from, to, amount } of blocksOf(chain.head).flatMap(transfersOf)) {
        if (token !== addressOf(name)) continue
        told.set(from, (told.get(from) ?? 0n) - amount)
        told.set(to, (told.get(to) ?? 0n) + amount)
      }
      for (const account of CAST.accounts) expect(storage.get(account) ?? 0n).toBe(told.get(account) ?? 0n)
    }
  })
})

describe('reorgs', () => {
  test.each([
    { depth: 1, blocks: 1 },
    { depth: 50, blocks: 51 },
    { depth: 1_800, blocks: 1_801 },
    { depth: 30, blocks: 20 },
  ])('of $depth blocks by $blocks leave no old block', async ({ depth, blocks }) => {
    const started = await start({ blocks: depth + 10, l1Below: depth + 5 })
    const { chain, node, ask } = started
    const before = chain.head
    const kept = ancestorAt(before, before.number - depth)
    const after = chain.reorganize(depth, blocks)
    node.show(after)
    expect(after.number).toBe(before.number - depth + blocks)
    expect(ancestorAt(after, before.number - depth)).toBe(kept)
    for (const [hash, isKnown] of [
      [before.hash, false],
      [ancestorAt(before, before.number - depth + 1)?.hash, false],
      [kept?.hash, true],
      [after.hash, true],
    ] as const) {
      const answer = await ask('starknet_getBlockWithTxHashes', [{ block_hash: hash }])
      expect(answer.has('result')).toBe(isKnown)
    }
    const events = await readEvents(started, { chunk_size: 1_024, to_block: { block_hash: after.hash } })
    expect(events).toHaveLength(blocksOf(after).flatMap(eventsOf).length)
  })

  test('never replace a block that L1 accepted', async () => {
    const { chain } = await start({ blocks: 60, l1Below: 10 })
    const { l1Accepted } = chain
    expect(l1Accepted.number).toBe(50)
    expect(ancestorAt(chain.reorganize(1_000, 3), 50)).toBe(l1Accepted)
  })
})
