/**
 * The branch of an answer: with reads above our blocks, nodes that lag or switch branches, and reorgs during a read.
 */
import { setImmediate as nextTick } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import {
  ALICE,
  at,
  BOB,
  GOLD,
  move,
  of,
  SILVER,
  STORED,
  type TableChain,
  type World,
  world,
} from '../../test/balances/world.ts'
import { hash } from '../../test/chains/mock-chain.ts'
import { EVM_NATIVE } from '../chains/evm/native-asset.ts'
import type { BalanceKey } from '../core/balance.ts'
import type { Header } from '../core/block.ts'
import { ServiceError } from '../core/errors.ts'
import type { BlockTransfers } from '../core/transfer.ts'

const FORCE = { mode: 'force' } as const
const COIN = of(ALICE, GOLD)
const NATIVE = of(ALICE, EVM_NATIVE)
const ref = (name: string) => ({ number: Number.parseInt(name, 10), hash: hash(name) })

/** Polls like the indexer: readers then know the node's newest block as the head. */
async function poll({ chain, journal }: World): Promise<void> {
  const { latest: head } = await chain.heads()
  await journal.heartbeat({ state: 'live', head, caughtUpAt: undefined, error: undefined, counts: {} })
  await nextTick()
}

/** Stores an earlier read, at a block of any branch. */
async function wasRead({ reads }: World, key: BalanceKey, read: { block: string; amount: bigint; at?: number }) {
  const { block, amount, at: observedAt = 1 } = read
  await reads.observations.put([{ ...key, amount, block: ref(block), observedAt }])
}

function down(chain: TableChain): void {
  chain.fault = () => {
    throw new ServiceError('NODE_UNREACHABLE', 'down')
  }
}

/** Replaces our blocks above 3 with those of the branch that the node shows. */
async function switchBranch({ chain, journal }: World): Promise<void> {
  await journal.rollback(ref('3'))
  for (const block of chain.canonical().filter(({ number }) => number > 3)) await append(journal, block)
  await nextTick()
}

async function append(journal: World['journal'], block: BlockTransfers & Header): Promise<void> {
  await journal.append({ first: block.number, through: block, blocks: [block], headers: [block] })
}

describe('a read above the polled head', () => {
  test('does not replace a fact', async () => {
    const it = await world()
    await poll(it)
    await wasRead(it, COIN, { block: '5x', amount: 99n })
    const fact = { amount: 70n, source: 'events', block: at(4) }
    expect(await it.balances.get([COIN], STORED)).toMatchObject([fact])
    expect(await it.balances.get([COIN], { mode: 'max_age', seconds: 60 })).toMatchObject([fact])
    expect(it.chain.asked).toEqual([])
  })

  test('is repeated, also if its block has the number of the head but not its hash', async () => {
    const it = await world()
    it.chain.holds(ALICE, EVM_NATIVE, 5n)
    await poll(it)
    await wasRead(it, NATIVE, { block: '5x', amount: 99n })
    expect(await it.balances.get([NATIVE], STORED)).toMatchObject([{ amount: 5n, block: at(4) }])
    it.chain.add('5', '4').show('5')
    await poll(it)
    expect(await it.balances.get([NATIVE], STORED)).toMatchObject([{ amount: 5n, block: at(5) }])
    expect(it.chain.asked).toHaveLength(2)
  })

  test('is used if nothing else is known, with its own block and age', async () => {
    const it = await world()
    await poll(it)
    await wasRead(it, NATIVE, { block: '5x', amount: 99n })
    down(it.chain)
    expect(await it.balances.get([NATIVE], STORED)).toMatchObject([{ amount: 99n, block: ref('5x'), knownAt: 1 }])
  })

  test('is used without a new read if it is newer than the poll', async () => {
    const it = await world()
    await poll(it)
    await wasRead(it, NATIVE, { block: '5', amount: 8n, at: 9_999_999_999 })
    expect(await it.balances.get([NATIVE], STORED)).toMatchObject([{ amount: 8n, block: at(5) }])
    expect(it.chain.asked).toEqual([])
  })
})

describe('a fresh read', () => {
  test('of a node that lags does not replace a newer amount', async () => {
    const it = await world()
    it.chain.holds(ALICE, GOLD, 100n).holds(ALICE, EVM_NATIVE, 1n).show('3')
    await wasRead(it, NATIVE, { block: '4', amount: 2n })
    expect(await it.balances.get([COIN, NATIVE], FORCE)).toMatchObject([
      { amount: 70n, source: 'events', block: at(4) },
      { amount: 2n, source: 'reads', block: at(4) },
    ])
  })

  test('of a block that is not ours is not used', async () => {
    const it = await world()
    it.chain.holds(ALICE, GOLD, 100n).holds(ALICE, EVM_NATIVE, 1n).add('4b', '3').show('4b')
    expect(await it.balances.get([COIN, NATIVE], FORCE)).toMatchObject([
      { amount: 70n, source: 'events', block: at(4) },
      { known: false, reason: 'node_unavailable' },
    ])
  })

  test('during a reorg is answered with facts of the new branch', async () => {
    const it = await world()
    const { chain, balances } = it
    chain.holds(ALICE, EVM_NATIVE, 5n)
    chain.add('4b', '3', [move(GOLD, 10n, { from: ALICE, to: BOB })])
    const read = chain.readBalances.bind(chain)
    chain.readBalances = async (...request) => {
      chain.show('4b')
      if (chain.asked.length === 0) await switchBranch(it)
      return read(...request)
    }
    expect(await balances.get([COIN, NATIVE], STORED)).toMatchObject([
      { amount: 60n, source: 'events', block: ref('4b') },
      { amount: 5n, source: 'reads', block: ref('4b') },
    ])
  })
})

describe('as of a block', () => {
  test('that we store, the journal answers without a node', async () => {
    const { balances, chain } = await world()
    down(chain)
    const answered = [{ amount: 100n, source: 'events', block: at(2), knownAt: 24 }]
    expect(await balances.getAsOf([COIN], 2)).toMatchObject(answered)
    expect(await balances.getAsOf([COIN, NATIVE], 2)).toMatchObject([
      ...answered,
      { known: false, reason: 'node_unavailable' },
    ])
    const list = { standards: ['erc20'], receivedOnly: true, freshness: STORED, offset: 0, limit: 9 } as const
    expect(await balances.account({ ...list, account: ALICE, asOf: 2 })).toMatchObject({
      rows: [
        { asset: GOLD, balance: { amount: 100n, block: at(2) } },
        { asset: SILVER, balance: { amount: 7n, block: at(2) } },
      ],
      asOf: { block: at(2), uniform: true },
    })
  })

  test('that differs on a node, we answer our block with our hash, and use no read of the other one', async () => {
    const { balances, chain } = await world()
    chain.add('2b', '1').add('3b', '2b').add('4b', '3b').show('4b').holds(ALICE, EVM_NATIVE, 5n)
    expect(await balances.getAsOf([COIN, NATIVE], 2)).toMatchObject([
      { amount: 100n, block: at(2) },
      { known: false, reason: 'node_unavailable' },
    ])
    expect(await balances.getAsOf([COIN, NATIVE], 1)).toMatchObject([
      { amount: 100n, block: at(1) },
      { amount: 5n, block: at(1) },
    ])
  })

  test('that was final when it came, without a stored hash, the hash comes from the node', async () => {
    const { balances, chain, journal } = await world()
    const through = chain.add('5', '4').add('6', '5').show('6').canonical().at(-1)
    if (through === undefined) throw new TypeError('6 is shown')
    await journal.append({ first: 5, through, blocks: [], headers: [] })
    await nextTick()
    expect(await balances.getAsOf([COIN], 5)).toMatchObject([{ amount: 70n, source: 'events', block: at(5) }])
    down(chain)
    expect(await balances.getAsOf([COIN], 5)).toEqual([{ known: false, reason: 'node_unavailable' }])
  })

  test('that was committed while the node was asked, amount and hash are both ours', async () => {
    const it = await world()
    const { chain, balances } = it
    chain.add('5', '4', [move(GOLD, 10n, { from: ALICE, to: BOB })]).add('5b', '4')
    const headers = chain.headers.bind(chain)
    chain.headers = async (range) => {
      for (const block of chain.show('5').canonical()) if (block.number === 5) await append(it.journal, block)
      await nextTick()
      chain.show('5b')
      return headers(range)
    }
    expect(await balances.getAsOf([COIN], 5)).toMatchObject([{ amount: 60n, source: 'events', block: at(5) }])
  })
})

test('holders of a token of reads are rejected if none can be read, never empty', async () => {
  const { balances, chain } = await world({ reads: [`erc20:${GOLD.reference}`] })
  const page = { asset: GOLD, offset: 0, limit: 10 }
  down(chain)
  await expect(balances.holders(page)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  chain.fault = () => undefined
  chain.holds(ALICE, GOLD, 0n).holds(BOB, GOLD, 0n)
  expect(await balances.holders(page)).toMatchObject({
    rows: [],
    // As old as the poll at which block 4 was last the newest, although it was read later.
    asOf: { source: 'reads', block: at(4), knownAt: 48 },
  })
})
