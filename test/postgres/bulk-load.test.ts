/** A new chain that is loaded in bulk into PostgreSQL, against one that is appended to the embedded store. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { IndexerReport } from '../../src/indexer/indexer-options.ts'
import { appendedDump, FINAL, HEAD, indexStore, makeChain } from '../bulk/final-chain.ts'
import { CHAIN } from '../indexer/harness.ts'
import { placeMaker, type StorePlace } from '../store/engines.ts'

let place: StorePlace
let loadFolder: string
beforeEach(async () => {
  place = await placeMaker('postgres')()
  loadFolder = mkdtempSync(join(tmpdir(), 'steelyard-load-test-'))
})
afterEach(async () => {
  await place.end()
  rmSync(loadFolder, { recursive: true })
})

type Run = Parameters<typeof indexStore>[1]

const load = async (run: Partial<Run> = {}): Promise<unknown> =>
  indexStore(await place.open({ loadFolder }), { isBulk: true, ...run })

test('a new chain is loaded in bulk and published once, with its files removed, as if it had been appended', async () => {
  const reports: IndexerReport[] = []
  expect(await load({ reports })).toBeUndefined()
  expect(await place.dumpChain(CHAIN)).toEqual(await appendedDump())
  expect(reports.at(-1)).toMatchObject({ state: 'live', written: HEAD })
  const before = reports.filter(({ written }) => written === undefined)
  expect(before.some(({ fetched }) => fetched?.block === FINAL)).toBe(true)
  expect(readdirSync(loadFolder)).toEqual([])
})

test('a load that failed goes on from its log', async () => {
  const asked: number[] = []
  const cut = makeChain((first) => {
    if (first > 1_500) throw new Error('the node is gone')
  })
  expect(await load({ chain: cut })).toMatchObject({ message: 'the node is gone' })
  expect(readdirSync(loadFolder)).toHaveLength(1)
  expect(await load({ chain: makeChain((first) => void asked.push(first)) })).toBeUndefined()
  expect(Math.min(...asked)).toBeGreaterThan(0)
  expect(await place.dumpChain(CHAIN)).toEqual(await appendedDump())
  expect(existsSync(loadFolder)).toBe(true)
})
