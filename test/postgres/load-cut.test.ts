/** Bulk loads into PostgreSQL that are cut off, or that wait for others. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { appendedDump, HEAD } from '../bulk/final-chain.ts'
import { CHAIN } from '../indexer/harness.ts'
import { ACCOUNTS, ASSETS } from '../store/chains.ts'
import { CutLoads, NOTHING } from './cut-loads.ts'
import { RowsPipe } from './rows-pipe.ts'

/** Tables of which the chain has rows. */
const FILLED = ['transfers', 'changes', 'balances', 'accounts', 'assets', 'blocks'] as const

let cut: CutLoads
beforeEach(async () => {
  cut = await CutLoads.make()
})
afterEach(() => cut.end())

test('a connection that ends in the middle of any COPY leaves nothing, and the next load goes on from the log', async () => {
  for (const table of FILLED) {
    const pipe = new RowsPipe(cut.loadFolder, table)
    const ended = cut.load({ onStep: (step) => void (step === 'build:small' && pipe.put()) })
    await pipe.writeHalf()
    await cut.terminate(await cut.running('COPY'))
    await pipe.end()
    expect([table, await ended]).toMatchObject([table, { code: 'STORE_UNAVAILABLE' }])
    expect([table, await cut.stored()]).toEqual([table, NOTHING])
  }
  expect(await cut.load()).toBeUndefined()
  expect(await cut.place.dumpChain(CHAIN)).toEqual(await appendedDump())
}, 120_000)

test('a lock on the empty tables delays the load, and lets other readers pass meanwhile', async () => {
  const { place, other } = cut
  await (await place.openChain()).journal.close()
  await other.query(`BEGIN; SELECT * FROM ${cut.chain}.balances`)
  const ended = cut.load()
  await cut.waiting()
  const reads = await (await place.open()).openReads(CHAIN)
  expect((await reads.clock()).published).toBeUndefined()
  await other.query('COMMIT')
  expect(await ended).toBeUndefined()
  expect((await reads.clock()).published?.number).toBe(HEAD)
}, 60_000)

test('while a table is vacuumed, the load waits, and no reader waits for the load', async () => {
  const { place, other } = cut
  await (await place.openChain()).journal.close()
  // Vacuum has this lock.
  await other.query(`BEGIN; LOCK TABLE ${cut.chain}.balances IN SHARE UPDATE EXCLUSIVE MODE`)
  const ended = cut.load()
  await cut.waiting()
  const { rows } = await other.query(
    `SELECT mode FROM pg_locks WHERE relation = '${cut.chain}.clock'::regclass AND mode = 'AccessExclusiveLock'`,
  )
  expect(rows).toEqual([])
  await other.query('COMMIT')
  expect(await ended).toBeUndefined()
}, 60_000)

test('killed in the middle of a COPY, a load leaves nothing, and the next one goes on from the log', async () => {
  await (await cut.place.openChain()).journal.close()
  const pipe = new RowsPipe(cut.loadFolder, 'balances')
  const child = cut.start('balances')
  await pipe.writeHalf()
  await cut.running('COPY')
  await cut.kill(child)
  await pipe.end()
  expect(await cut.stored()).toEqual(NOTHING)
  expect(await cut.load()).toBeUndefined()
  expect(await cut.place.dumpChain(CHAIN)).toEqual(await appendedDump())
}, 60_000)

test('those who read meanwhile see nothing of the chain or all of it, also after a reset', async () => {
  const keys = ACCOUNTS.flatMap((account) => ASSETS.map((asset) => ({ account, asset, item: '' })))
  const readers = await Promise.all([1, 2, 3].map(async () => (await cut.place.open()).openReads(CHAIN)))
  const seen = new Set<string>()
  let isOver = false
  const asking = readers.map(async (reads) => {
    while (!isOver) {
      const [{ clock, rows }, holders] = await Promise.all([
        reads.balances(keys),
        reads.holders({ asset: ASSETS[0], offset: 0, limit: 10 }),
      ])
      const amounts = rows.map((row) => row?.amount?.toString())
      const held = holders.rows.map(({ account, amount }) => `${account} ${amount}`)
      seen.add(
        JSON.stringify([clock.published?.number, clock.transfers, amounts, holders.clock.published?.number, held]),
      )
    }
  })
  expect(await cut.load()).toBeUndefined()
  const after = await Promise.all(readers.map((reads) => reads.balances(keys)))
  isOver = true
  await Promise.all(asking)
  expect(after.map(({ clock }) => clock.published?.number)).toEqual([HEAD, HEAD, HEAD])
  expect([...seen].map((one) => JSON.parse(one)[0]).sort()).toEqual([HEAD, null])
  await (await cut.place.open({ loadFolder: cut.loadFolder })).forget(CHAIN)
  expect(await cut.load()).toBeUndefined()
  const again = await Promise.all(readers.map((reads) => reads.balances(keys)))
  expect(again.map(({ rows }) => rows)).toEqual(after.map(({ rows }) => rows))
}, 60_000)
