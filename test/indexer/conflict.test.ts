/** Lag and conflict: which foreign blocks are a reorg, how deep the reorg is, and what it removes. */
import { setImmediate as nextTick } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Confirmation } from '../../src/chains/adapter.ts'
import { EVM_NATIVE } from '../../src/chains/evm/native-asset.ts'
import { NO_ITEM } from '../../src/core/asset.ts'
import { ServiceError } from '../../src/core/errors.ts'
import { hash, MockChain } from '../chains/mock-chain.ts'
import { ACCOUNTS, ASSETS, type Movement } from '../store/chains.ts'
import { makeRig, type Rig, undisturbed } from './harness.ts'

const SIGNAL = new AbortController().signal
const [alice = '', bob = ''] = ACCOUNTS
const [coin] = ASSETS
const HEAD = 30

/** Adds one block a number, named `<number><branch>`, up to `to`. On a branch every third block is empty. */
function grow(chain: MockChain, branch: string, { from, to }: { from: string; to: number }): MockChain {
  let parent = from
  for (let number = Number.parseInt(from, 10) + 1; number <= to; number++) {
    const movement: Movement = {
      asset: coin,
      from: undefined,
      to: number % 2 ? alice : bob,
      amount: BigInt(number),
      item: 0,
    }
    const name = `${number}${branch}`
    chain.add(name, parent, branch === '' || number % 3 > 0 ? [movement] : [])
    parent = name
  }
  return chain
}

function trunk(): MockChain {
  return grow(new MockChain().add('0', undefined), '', { from: '0', to: HEAD }).show(`${HEAD}`)
}

async function step(rig: Rig): Promise<void> {
  await rig.indexer.step(SIGNAL)
}

async function counts(rig: Rig): Promise<{ rollbacks: number; conflicts: number }> {
  await nextTick()
  const { rollbacks = -1, conflicts = -1 } = (await rig.reads.clock()).counts
  return { rollbacks, conflicts }
}

describe('a node that lags behind another node', () => {
  test('does not make the data look newer than when the higher block was first named', async () => {
    let time = 1_000
    const chain = grow(trunk(), '', { from: '30', to: 33 })
    chain.time = () => time
    const rig = await makeRig(chain, undefined, { time: () => time })
    await rig.settle()
    expect((await rig.reads.clock()).caughtUpAt).toBe(1_000)
    // One node names block 33, and fails before it returns the logs. The next node still has block 30 as its head.
    time = 1_020
    const transfersOf = chain.transfersOf.bind(chain)
    chain.transfersOf = async () => {
      throw new ServiceError('NODE_UNREACHABLE', 'no connection')
    }
    await expect(rig.indexer.step(SIGNAL)).resolves.toBe('idle')
    chain.show('33')
    await expect(rig.indexer.step(SIGNAL)).rejects.toThrow('no connection')
    chain.show('30')
    time = 1_040
    await step(rig)
    await nextTick()
    expect((await rig.reads.clock()).caughtUpAt).toBe(1_020)
    chain.transfersOf = transfersOf
    chain.show('33')
    await rig.settle()
    expect((await rig.reads.clock()).caughtUpAt).toBe(1_040)
    await rig.close()
  })
})

describe('a reorg of any depth down to the finalized head', () => {
  const FINAL = 10
  test.each([1, 4, 5, 12, 19, 20])('%i blocks', async (depth) => {
    for (const longer of [-1, 60]) {
      const to = Math.max(HEAD - depth + 1, HEAD + longer)
      const chain = grow(trunk(), 'b', { from: `${HEAD - depth}`, to })
      const rig = await makeRig(chain.show(`${HEAD}`, FINAL))
      await rig.settle()
      chain.show(`${to}b`)
      await rig.settle()
      expect(await rig.dump()).toEqual(await undisturbed(chain))
      expect(await counts(rig)).toEqual({ rollbacks: 1, conflicts: 1 })
      await rig.close()
    }
  })

  test.each([21, 22, 29])('one of %i blocks stops the chain, and nothing is rolled back', async (depth) => {
    const chain = grow(trunk(), 'b', { from: `${HEAD - depth}`, to: HEAD + 1 })
    const rig = await makeRig(chain.show(`${HEAD}`, FINAL))
    await rig.settle()
    const before = await rig.dump()
    chain.show(`${HEAD + 1}b`)
    const stopped = { code: 'REORG_TOO_DEEP', message: expect.stringMatching(/replaced block 10.*steelyard reset/) }
    await expect(rig.settle()).rejects.toMatchObject(stopped)
    expect(await rig.dump()).toEqual(before)
    await rig.close()
  })
})

describe('blocks replaced while the indexer was stopped, so long ago that a backfill follows', () => {
  const FINAL = 10
  const LATER = { head: '400b', final: 300 }
  const away = async (depth: number): Promise<{ chain: MockChain; rig: Rig }> => {
    const chain = grow(trunk(), 'b', { from: `${HEAD - depth}`, to: 400 })
    const rig = await makeRig(chain.show(`${HEAD}`, FINAL))
    await rig.settle()
    chain.show(LATER.head, LATER.final)
    return { chain, rig }
  }

  test.each([0, 1, 5, 20])('%i of them leave no trace', async (depth) => {
    const { chain, rig } = await away(depth)
    await rig.settle()
    expect(await rig.dump()).toEqual(await undisturbed(chain))
    expect(await counts(rig)).toEqual({ rollbacks: Math.sign(depth), conflicts: Math.sign(depth) })
    await rig.close()
  })

  test('a node that fails on every other answer does not change the result', async () => {
    const { chain, rig } = await away(5)
    let calls = 0
    chain.fault = () => {
      if (++calls % 2 === 0) throw new ServiceError('NODE_TIMEOUT', 'slow')
    }
    for (let tries = 0; tries < 40; tries++) await step(rig).catch(() => undefined)
    chain.fault = () => undefined
    await rig.settle()
    expect(await rig.dump()).toEqual(await undisturbed(chain))
    await rig.close()
  })

  test('nothing is appended while the other nodes have our blocks', async () => {
    const { chain, rig } = await away(5)
    const before = await rig.dump()
    chain.others = () => 'refused'
    for (let polls = 0; polls < 5; polls++) expect(await rig.indexer.step(SIGNAL)).toBe('idle')
    expect(await rig.dump()).toEqual(before)
    await rig.close()
  })

  test('a replaced final block stops the chain, and nothing is appended', async () => {
    const { rig } = await away(21)
    const before = await rig.dump()
    await expect(rig.settle()).rejects.toMatchObject({ code: 'REORG_TOO_DEEP' })
    expect(await rig.dump()).toEqual(before)
    await rig.close()
  })
})

test('a chain that is replaced again during the search for the ancestor ends on the last branch', async () => {
  for (const turn of [1, 2, 3, 4]) {
    const chain = grow(grow(trunk(), 'b', { from: '18', to: 32 }), 'c', { from: '15', to: 31 })
    const rig = await makeRig(chain.show(`${HEAD}`))
    await rig.settle()
    chain.show('32b')
    let headers = 0
    chain.fault = (call) => {
      if (call === 'headers' && ++headers === turn) chain.show('31c')
    }
    for (let tries = 0; tries < 12; tries++) await step(rig).catch(() => undefined)
    await rig.settle()
    expect(await rig.dump()).toEqual(await undisturbed(chain))
    expect((await rig.reads.clock()).published?.hash).toBe(hash('31c'))
    await rig.close()
  }
})

test('headers that do not link to the conflicting block give no common ancestor', async () => {
  const chain = grow(grow(trunk(), 'b', { from: '18', to: 32 }), 'c', { from: '15', to: 32 })
  const rig = await makeRig(chain.show(`${HEAD}`))
  await rig.settle()
  chain.show('32b')
  await step(rig)
  let headers = 0
  chain.fault = (call) => {
    // The second step of the search sees another branch than the first.
    if (call === 'headers' && ++headers === 3) chain.show('32c')
  }
  await expect(step(rig)).rejects.toMatchObject({ code: 'BLOCK_CONFLICT' })
  expect(await counts(rig)).toMatchObject({ rollbacks: 0 })
  await rig.close()
})

describe('a block that differs from ours', () => {
  const rigOn = async (answers: readonly Confirmation[]): Promise<{ chain: MockChain; rig: Rig }> => {
    const chain = grow(trunk(), 'b', { from: '28', to: 31 })
    const rig = await makeRig(chain)
    await rig.settle()
    let asked = 0
    chain.others = () => answers[Math.min(asked++, answers.length - 1)] ?? 'alone'
    chain.show('31b')
    return { chain, rig }
  }

  test('is a reorg at once if a second node has it', async () => {
    const { rig } = await rigOn(['agreed'])
    await step(rig)
    expect(await counts(rig)).toEqual({ rollbacks: 1, conflicts: 1 })
    await rig.close()
  })

  test('waits for a second poll if no other node has that number', async () => {
    const { rig } = await rigOn(['alone'])
    await step(rig)
    expect(await counts(rig)).toEqual({ rollbacks: 0, conflicts: 1 })
    await step(rig)
    expect(await counts(rig)).toEqual({ rollbacks: 1, conflicts: 1 })
    await rig.close()
  })

  test('is never a reorg while the others have ours', async () => {
    const { rig, chain } = await rigOn(['refused'])
    for (let polls = 0; polls < 5; polls++) expect(await rig.indexer.step(SIGNAL)).toBe('idle')
    expect(await counts(rig)).toMatchObject({ rollbacks: 0 })
    chain.show('30')
    await rig.settle()
    expect(await rig.dump()).toEqual(await undisturbed(chain))
    await rig.close()
  })

  test('is a reorg once the others have it too', async () => {
    const { rig, chain } = await rigOn(['refused', 'refused', 'agreed'])
    await rig.settle()
    expect(await counts(rig)).toMatchObject({ rollbacks: 1 })
    expect(await rig.dump()).toEqual(await undisturbed(chain))
    await rig.close()
  })
})

test('a node below the finalized block is reported in /health, and nothing is rolled back', async () => {
  const chain = trunk()
  const rig = await makeRig(chain.show('30', 20))
  await rig.settle()
  chain.show('12', 5)
  await step(rig)
  await nextTick()
  const clock = await rig.reads.clock()
  expect(clock.error).toBe(
    'the node is at block 12, but block 20 was final: it is far behind, or its chain was restarted',
  )
  expect(clock.published?.number).toBe(30)
  chain.show('30', 20)
  await step(rig)
  await nextTick()
  expect((await rig.reads.clock()).error).toBeUndefined()
  await rig.close()
})

test('reads of rolled-back blocks are dropped, and reads below them stay', async () => {
  const chain = grow(trunk(), 'b', { from: '27', to: 31 })
  const rig = await makeRig(chain)
  await rig.settle()
  const key = (account: string) => ({ account, asset: EVM_NATIVE, item: NO_ITEM })
  const read = (account: string, block: string, amount: bigint) => ({
    ...key(account),
    amount,
    block: { number: Number.parseInt(block, 10), hash: hash(block) },
    observedAt: 1_000_000,
  })
  await rig.reads.observations.put([read(alice, '27', 7n), read(bob, '28', 8n)])
  chain.show('31b')
  await rig.settle()
  const [kept, dropped] = await rig.reads.observations.get([key(alice), key(bob)])
  expect(kept).toMatchObject({ amount: 7n, block: { number: 27, hash: hash('27') } })
  expect(dropped).toBeUndefined()
  await rig.close()
})
