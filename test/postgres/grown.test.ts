/** Chains with blocks that are loaded in bulk into PostgreSQL: generation after generation, and after a pause. */
import { existsSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { IndexerReport } from '../../src/indexer/indexer-options.ts'
import { appendedDump, FINAL, HEAD, makeChain } from '../bulk/final-chain.ts'
import { CHAIN } from '../indexer/harness.ts'
import { LoadPlace } from './load-place.ts'

/** How often the chain has each transfer, so that its blocks are worth a bulk load although they are few. */
const DENSE = 10
/** The last block before the pause. */
const PAUSED = 200

let loads: LoadPlace
beforeEach(async () => {
  loads = await LoadPlace.make()
})
afterEach(() => loads.end())

/** Seconds pass between any two looks at this clock, so that generations become due, and each answer is stored. */
function slowClock(): () => number {
  let at = 0
  return () => (at += 3_000)
}

/** The chain, of which a node has no more than the blocks up to one. */
const cutAt = (last: number, times: number) =>
  makeChain(
    (first) => {
      if (first > last) throw new Error('the node is gone')
    },
    HEAD,
    times,
  )

/** Stores the blocks before the pause without a bulk load. */
const storeOld = (): Promise<unknown> => loads.load({ chain: cutAt(PAUSED, DENSE), isBulk: false, now: slowClock() })

const dense = () => makeChain(undefined, HEAD, DENSE)
const builds = (steps: readonly string[]): number => steps.filter((step) => step === 'build:small').length

test('generation after generation is published while blocks are fetched, as if they had been appended', async () => {
  const reports: IndexerReport[] = []
  const steps: string[] = []
  expect(await loads.load({ reports, now: slowClock(), onStep: (step) => void steps.push(step) })).toBeUndefined()
  expect(builds(steps)).toBeGreaterThan(1)
  const published = new Set(reports.flatMap(({ written }) => (written === undefined ? [] : [written])))
  expect([...published].some((block) => block < FINAL)).toBe(true)
  expect(await loads.place.dumpChain(CHAIN)).toEqual(await appendedDump())
  expect(readdirSync(loads.loadFolder)).toEqual([])
}, 60_000)

const IS_GRANTED = (name: string): string => `EXISTS (SELECT 1 FROM pg_class c, aclexplode(c.relacl) a
  WHERE c.oid = to_regclass('${name}') AND a.grantee = 0 AND a.privilege_type = 'SELECT')`

test('after a long pause all is built anew, what is granted stays so, and what was stored stays readable', async () => {
  expect(await storeOld()).toMatchObject({ message: 'the node is gone' })
  await loads.place.exec(CHAIN, 'GRANT SELECT ON balances, token_balances TO PUBLIC')
  const reports: IndexerReport[] = []
  const steps: string[] = []
  const chain = dense()
  expect(await loads.load({ chain, reports, onStep: (step) => void steps.push(step) })).toBeUndefined()
  expect(builds(steps)).toBe(1)
  const written = reports.flatMap((report) => (report.written === undefined ? [] : [report.written]))
  expect(Math.min(...written)).toBeGreaterThan(0)
  expect(await loads.place.dumpChain(CHAIN)).toEqual(await appendedDump(chain))
  await loads.place.exec(
    CHAIN,
    `DO $$ BEGIN ASSERT ${IS_GRANTED('balances')} AND ${IS_GRANTED('token_balances')}; END $$`,
  )
}, 60_000)

test.each([
  ['tables', 'SELECT count(*) FROM SCHEMA.balances'],
  ['views', 'SELECT count(*) FROM SCHEMA.token_balances'],
  ['functions', "SELECT SCHEMA.amount_number('\\x80')"],
])('%s of which others have views are not replaced: blocks are appended', async (_, view) => {
  expect(await storeOld()).toMatchObject({ message: 'the node is gone' })
  const schema = new URL(loads.place.url).searchParams.get('schema') ?? ''
  await loads.place.execRecords(`CREATE VIEW seen AS ${view.replace('SCHEMA', `${schema}_eip155_1`)}`)
  const steps: string[] = []
  expect(await loads.load({ chain: dense(), onStep: (step) => void steps.push(step) })).toBeUndefined()
  expect(builds(steps)).toBe(0)
  await loads.place.execRecords('SELECT * FROM seen')
})

test('a log behind which another process wrote is not gone on with', async () => {
  const cut = cutAt(1_500, 1)
  expect(await loads.load({ chain: cut, now: slowClock() })).toMatchObject({ message: 'the node is gone' })
  const [name = ''] = readdirSync(loads.loadFolder)
  const away = `${loads.loadFolder}-away`
  renameSync(join(loads.loadFolder, name), away)
  await (await loads.place.openChain()).journal.close()
  renameSync(away, join(loads.loadFolder, name))
  await (await loads.place.openChain(undefined, { loadFolder: loads.loadFolder })).journal.close()
  expect(existsSync(join(loads.loadFolder, name))).toBe(false)
})
