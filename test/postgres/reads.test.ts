/** Reads of a chain in PostgreSQL that share a snapshot, and those of a process that had read a journal that was deleted. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Coverage } from '../../src/core/coverage.ts'
import type { Store } from '../../src/store/seam/store.ts'
import { CHAIN } from '../indexer/harness.ts'
import { ACCOUNTS, ASSETS, hashOf, makeBlock } from '../store/chains.ts'
import { placeMaker, type StorePlace } from '../store/engines.ts'

const ALL: Coverage = { scope: { type: 'all' }, from: 0 }
const [alice = ''] = ACCOUNTS
const [gold, silver] = [
  { account: alice, asset: ASSETS[0], item: '' },
  { account: alice, asset: ASSETS[1], item: '' },
]

let place: StorePlace
let store: Store
beforeEach(async () => {
  place = await placeMaker('postgres')()
  store = await place.open()
})
afterEach(() => place.end())

/** Indexes one block, in which alice receives an amount of each asset in this order. */
async function index(assets: readonly (typeof ASSETS)[number][], amount: bigint): Promise<void> {
  const journal = await store.openJournal(CHAIN, ALL)
  const header = { number: 0, hash: hashOf(0, 0), parentHash: hashOf(0, -1), timestamp: 12 }
  const movements = assets.map((asset) => ({ asset, from: undefined, to: alice, amount, item: 0 }))
  await journal.append({ first: 0, through: header, blocks: [makeBlock(movements, header)], headers: [header] })
  await journal.close()
}

test('one that fails does not fail the others that were asked with it', async () => {
  await index([ASSETS[0]], 7n)
  const reads = await store.openReads(CHAIN)
  await place.exec(CHAIN, 'ALTER TABLE balances RENAME TO moved')
  const failing = reads.balances([gold])
  const others = [0, 1].map((number) => reads.locate([{ number, hash: hashOf(0, number) }]))
  await expect(failing).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
  expect(await Promise.all(others)).toMatchObject([[{ branch: 'ours' }], [{ branch: 'unnamed' }]])
  await place.exec(CHAIN, 'ALTER TABLE moved RENAME TO balances')
  expect(await reads.balances([gold])).toMatchObject({ rows: [{ amount: 7n }] })
})

test('never take another token for one of a deleted journal, nor the tables of the store for those of the chain', async () => {
  await index([ASSETS[0], ASSETS[1]], 7n)
  const other = await place.open()
  const reads = await other.openReads(CHAIN)
  expect(await reads.balances([gold, silver])).toMatchObject({ rows: [{ amount: 7n }, { amount: 7n }] })
  await store.forget(CHAIN)
  await expect(reads.balances([gold])).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
  await index([ASSETS[1]], 5n)
  // What is guessed of the deleted journal is not what this one is asked.
  expect((await reads.balances([silver])).rows.map((row) => row?.amount)).toEqual([5n])
  const { rows } = await reads.balances([gold, silver])
  expect(rows.map((row) => row?.amount)).toEqual([undefined, 5n])
})
