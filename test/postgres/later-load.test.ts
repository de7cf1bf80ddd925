/** Bulk loads into PostgreSQL of chains that have blocks, interrupted at statements of their publication: the generation before stays whole. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { HEAD } from '../bulk/final-chain.ts'
import { CHAIN } from '../indexer/harness.ts'
import { LaterLoads } from './later-loads.ts'
import { cut } from './load-points.ts'
import { PostgresServer } from './server.ts'

/** Statements at which something happens: of each step of a publication. */
const POINTS = [
  'CREATE SCHEMA',
  'CopyIn',
  'ANALYZE',
  'CREATE TABLE carried',
  'LOCK TABLE',
  'DROP SCHEMA',
  'COMMIT',
] as const
/** A block that is repaired between two interrupted loads. */
const REPAIRED = 33

let server: PostgresServer
let whole: LaterLoads
let loads: LaterLoads
let expected: readonly string[]
beforeAll(async () => {
  server = await PostgresServer.create()
  vi.stubEnv('STEELYARD_TEST_POSTGRES', server.url)
  ;[whole, loads] = [await LaterLoads.make(), await LaterLoads.make()]
  await whole.repair(REPAIRED)
  expect(await whole.load({ isEager: true })).toBeUndefined()
  expected = await whole.place.dumpChain(CHAIN)
}, 120_000)
afterAll(async () => {
  await loads.end()
  await whole.end()
  await server.stop()
  vi.unstubAllEnvs()
})

test('a load that is cut off, killed, or whose server crashes leaves the generation before, and the next one goes on', async () => {
  const before = await loads.place.dumpChain(CHAIN)
  const asked = await loads.ask(whole)
  const lost = { code: 'STORE_UNAVAILABLE' }
  for (const at of POINTS) {
    expect([at, await loads.later({ at, when: 'before', act: cut })]).toMatchObject([at, lost])
    expect(await loads.place.dumpChain(CHAIN)).toEqual(before)
    await loads.place.endLeases()
  }
  await loads.repair(REPAIRED)
  for (const at of ['CREATE TABLE carried', 'COMMIT']) {
    expect([at, await loads.killed(at)]).toEqual([at, true])
    await loads.place.endLeases()
  }
  for (const at of ['CopyIn', 'COMMIT']) {
    let crash: Promise<void> | undefined
    const act = (): void => {
      crash = server.crash()
    }
    expect([at, await loads.later({ at, when: 'before', act })]).toMatchObject([at, lost])
    await crash
    await server.start()
    await loads.place.endLeases()
  }
  expect(await loads.later({ at: 'COMMIT', when: 'unanswered', act: cut })).toMatchObject(lost)
  await loads.place.endLeases()
  expect(await loads.load({ isEager: true })).toBeUndefined()
  expect(await loads.place.dumpChain(CHAIN)).toEqual(expected)
  expect(await asked.end()).toBe(HEAD)
}, 120_000)
