/** Reads in PostgreSQL that are asked at the same time share a snapshot and its statements: their answers must not show that. */
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { BalanceKey } from '../../src/core/balance.ts'
import type { Header } from '../../src/core/block.ts'
import type { ChainReads, Journal } from '../../src/store/seam/store.ts'
import { CHAIN } from '../indexer/harness.ts'
import { ACCOUNTS, ASSETS, blockMovements, hashOf, type Movement, makeBlock } from '../store/chains.ts'
import { placeMaker, type StorePlace } from '../store/engines.ts'

const makePlace = placeMaker('postgres')
const [alice = '', bob = ''] = ACCOUNTS
const [coin] = ASSETS
const SHARED = { from: 0, scope: { type: 'all' } } as const

let place: StorePlace
beforeEach(async () => {
  place = await makePlace()
})
afterEach(() => place.end())

function headerOf(number: number): Header {
  return { number, hash: hashOf(0, number), parentHash: hashOf(0, number - 1), timestamp: number * 12 }
}

async function append(journal: Journal, number: number, movements: readonly Movement[]): Promise<void> {
  const header = headerOf(number)
  await journal.append({ first: number, through: header, blocks: [makeBlock(movements, header)], headers: [header] })
}

function mint(to: string, amount: bigint): Movement {
  return { asset: coin, from: undefined, to, amount, item: 0 }
}

const KEYS: readonly BalanceKey[] = ACCOUNTS.slice(0, 3).flatMap((account) =>
  ASSETS.flatMap((asset) => (asset.standard === 'erc20' ? [''] : ['', '1']).map((item) => ({ account, asset, item }))),
)

/** Reads of every kind that share statements with their like. */
function questions(asOf: number): readonly ((reads: ChainReads) => unknown)[] {
  const page = { offset: 0, limit: 3 }
  const standards = ['erc20', 'erc721', 'erc1155'] as const
  const lists = ACCOUNTS.flatMap((account) =>
    [undefined, asOf].flatMap((at) =>
      [undefined, ASSETS].map((assets) => ({ account, standards, receivedOnly: false, assets, asOf: at, ...page })),
    ),
  )
  const transfers = {
    account: alice,
    fromBlock: undefined,
    toBlock: asOf,
    fromTimestamp: undefined,
    toTimestamp: undefined,
  }
  return [
    ...KEYS.flatMap((key) => [undefined, asOf].map((at) => (reads: ChainReads) => reads.balances([key], at))),
    ...lists.map((list) => (reads: ChainReads) => reads.account(list)),
    ...ACCOUNTS.map((account) => (reads: ChainReads) => {
      return reads.account({ account, standards: ['erc20'], receivedOnly: true, assets: undefined, ...page })
    }),
    ...ASSETS.flatMap((asset) => [
      (reads: ChainReads) => reads.holders({ asset, ...page }),
      (reads: ChainReads) => reads.transfers({ asset, ...transfers, ...page }),
      (reads: ChainReads) => reads.assetsOf(asset.reference),
      (reads: ChainReads) => reads.asset(asset),
    ]),
    (reads) => reads.pairs.since(KEYS, asOf),
    (reads) => reads.locate([{ number: asOf, hash: hashOf(0, asOf) }]),
    (reads) => reads.followed(),
    (reads) => reads.clock(),
  ]
}

/** What happens to a chain between two looks at it. */
const story = fc.record({
  from: fc.constantFrom(0, 2),
  before: fc.array(blockMovements, { minLength: 2, maxLength: 4 }),
  after: fc.array(blockMovements, { minLength: 1, maxLength: 3 }),
  refuted: fc.subarray(KEYS.slice(), { maxLength: 2 }),
  adopted: fc.subarray(KEYS.slice(), { maxLength: 3 }),
  reclassified: fc.option(fc.constantFrom(...ASSETS)),
})

type Story = typeof story extends fc.Arbitrary<infer T> ? T : never

test('equal those of each read alone, whatever was remembered of the chain before', async () => {
  const told = async ({ from, before, after, refuted, adopted, reclassified }: Story): Promise<void> => {
    const own = await makePlace()
    try {
      const { journal, reads } = await own.openChain({ ...SHARED, from })
      let number = from
      for (const movements of before) await append(journal, number++, movements)
      // What is asked here is remembered.
      await Promise.all(questions(from).map((ask) => ask(reads)))
      for (const movements of after) await append(journal, number++, movements)
      const block = headerOf(number - 1)
      const noted = adopted.map((key, index) => ({ ...key, amount: BigInt(index), block, observedAt: 1 }))
      if (noted.length > 0) await journal.adopt(noted)
      if (refuted.length > 0) await journal.doubts.refute(refuted)
      if (reclassified !== null) {
        const evidence = { account: alice, item: '', block, journal: 1n, chain: 2n }
        await journal.reclassify({ asset: reclassified, reason: 'range', block, evidence })
      }
      const asked = questions(block.number - 1)
      const together = Promise.all([...asked, ...asked].map((ask) => ask(reads)))
      const alone = await (await own.open()).openReads(CHAIN)
      const expected: unknown[] = []
      for (const ask of asked) expected.push(await ask(alone))
      expect(await together).toEqual([...expected, ...expected])
    } finally {
      await own.end()
    }
  }
  await fc.assert(fc.asyncProperty(story, told), { numRuns: 3 })
}, 180_000)

test('10,000 in a tick, of items and coins and with repeats, each get their own answer', async () => {
  const { journal, reads } = await place.openChain()
  const holders = Array.from({ length: 200 }, (_, index) => `0x${(index + 1_000).toString(16).padStart(40, '0')}`)
  const items = { standard: 'erc1155', reference: ASSETS[3].reference } as const
  const movements = holders.flatMap((to, index): readonly Movement[] => {
    const given = { from: undefined, to, amount: BigInt(index + 1) }
    return [0, 1, 2].map((item) => ({ ...given, asset: item === 0 ? coin : items, item }))
  })
  await append(journal, 0, movements)
  const amounts = Array.from({ length: 10_000 }, async (_, index) => {
    const holder = (index * 7) % 250
    const item = index % 3
    const key = { account: holders[holder] ?? bob, asset: item === 0 ? coin : items, item: item === 0 ? '' : `${item}` }
    const { rows, clock } = await reads.balances([key])
    const expected = holder < holders.length ? BigInt(holder + 1) : undefined
    return rows[0]?.amount === expected && clock.published?.number === 0
  })
  expect((await Promise.all(amounts)).filter((isRight) => !isRight)).toEqual([])
})

test('are of one block, however fast blocks come', async () => {
  const { journal, reads } = await place.openChain()
  await append(journal, 0, [mint(alice, 1n), mint(bob, 1n)])
  let isOver = false
  const faults: string[] = []
  const seen = new Set<number>()
  const look = async (): Promise<void> => {
    const list = { standards: ['erc20'], receivedOnly: true, assets: undefined, offset: 0, limit: 9 } as const
    const [two, one, page] = await Promise.all([
      reads.balances([alice, bob].map((account) => ({ account, asset: coin, item: '' }))),
      reads.balances([{ account: alice, asset: coin, item: '' }]),
      reads.account({ ...list, account: bob }),
    ])
    for (const { clock, rows } of [two, one, page]) {
      const number = clock.published?.number ?? -1
      seen.add(number)
      for (const row of rows) if (row?.amount !== BigInt(number + 1)) faults.push(`${row?.amount} at ${number}`)
    }
  }
  const reading = Array.from({ length: 5 }, async () => {
    while (!isOver) await look()
  })
  // Until reads and blocks have met often enough.
  for (let number = 1; number <= 40 || seen.size <= 5; number++) {
    await append(journal, number, [mint(alice, 1n), mint(bob, 1n)])
  }
  isOver = true
  await Promise.all(reading)
  expect(faults).toEqual([])
})

test('fail alone: neither a damaged row nor a statement that fails has the others fail', async () => {
  const { journal, reads } = await place.openChain()
  await append(journal, 0, [mint(alice, 1n), mint(bob, 2n)])
  const keyOf = (account: string): BalanceKey => ({ account, asset: coin, item: '' })
  await reads.balances([keyOf(alice)])
  const damage =
    "UPDATE balances SET amount = '\\x00' WHERE account = decode('0000000000000000000000000000000000000002', 'hex')"
  await place.exec(CHAIN, damage)
  const numbers = [0, 1, 2 ** 64, 2, 3]
  const asked = [
    ...[alice, bob, alice].map((account) => reads.balances([keyOf(account)])),
    ...numbers.map((number) => reads.locate([{ number, hash: hashOf(0, number) }])),
  ]
  const settled = await Promise.allSettled(asked)
  expect(settled.map(({ status }) => status === 'fulfilled')).toEqual([
    true,
    false,
    true,
    true,
    true,
    false,
    true,
    true,
  ])
  expect(settled[0]).toMatchObject({ value: { rows: [{ amount: 1n }] } })
  expect(settled[1]).toMatchObject({ reason: { code: 'STORE_DAMAGED' } })
  expect(settled[5]).toMatchObject({ reason: { code: 'STORE_UNAVAILABLE' } })
})
