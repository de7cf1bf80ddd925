/** A new chain that is loaded in bulk into PostgreSQL, against one that is appended to the embedded store. */
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import type { IndexerReport } from '../../src/indexer/indexer-options.ts'
import { migratePart } from '../../src/store/migrate-store.ts'
import { openStore } from '../../src/store/open.ts'
import { ALL, appendedDump, FINAL, HEAD, indexStore, makeChain } from '../bulk/final-chain.ts'
import { CHAIN } from '../indexer/harness.ts'
import { LoadPlace } from './load-place.ts'

let loads: LoadPlace
beforeEach(async () => {
  loads = await LoadPlace.make()
})
afterEach(() => loads.end())

test('a new chain is loaded in bulk, with its files removed, as if it had been appended', async () => {
  const reports: IndexerReport[] = []
  const steps: string[] = []
  expect(await loads.load({ reports, onStep: (step) => void steps.push(step) })).toBeUndefined()
  expect(steps.filter((step) => step === 'build:small')).toEqual(['build:small'])
  expect(await loads.place.dumpChain(CHAIN)).toEqual(await appendedDump())
  expect(reports.at(-1)).toMatchObject({ state: 'live', written: HEAD })
  const before = reports.filter(({ written }) => written === undefined)
  expect(before.some(({ fetched }) => fetched?.block === FINAL)).toBe(true)
  expect(readdirSync(loads.loadFolder)).toEqual([])
})

test('a load that failed goes on from its log', async () => {
  const asked: number[] = []
  const cut = makeChain((first) => {
    if (first > 1_500) throw new Error('the node is gone')
  })
  expect(await loads.load({ chain: cut })).toMatchObject({ message: 'the node is gone' })
  expect(readdirSync(loads.loadFolder)).toHaveLength(1)
  expect(await loads.load({ chain: makeChain((first) => void asked.push(first)) })).toBeUndefined()
  expect(Math.min(...asked)).toBeGreaterThan(0)
  expect(await loads.place.dumpChain(CHAIN)).toEqual(await appendedDump())
  expect(existsSync(loads.loadFolder)).toBe(true)
})

test('without a folder that can be used, blocks are appended', async () => {
  const file = join(loads.loadFolder, 'file')
  writeFileSync(file, '')
  const steps: string[] = []
  const store = await loads.place.open({ loadFolder: file })
  expect(await indexStore(store, { isBulk: true, onStep: (step) => void steps.push(step) })).toBeUndefined()
  expect(await loads.place.dumpChain(CHAIN)).toEqual(await appendedDump())
  expect(steps).toEqual([])
})

test('a role that may not make schemas appends, in tables that are there, and says what to grant', async () => {
  const { pathname, username } = new URL(loads.place.url)
  const [role, database] = [`r${randomBytes(6).toString('hex')}`, pathname.slice(1)]
  const url = Object.assign(new URL(loads.place.url), { username: role, password: 'p' }).href
  await loads.place.execRecords(
    `CREATE ROLE ${role} LOGIN PASSWORD 'p'; GRANT CREATE ON DATABASE ${database} TO ${role}`,
  )
  try {
    const refusedOf = async (): Promise<unknown> => {
      const store = await openStore({ url, codecOf: () => HEX_ACCOUNTS, loadFolder: loads.loadFolder })
      const journal = await store.openJournal(CHAIN, ALL)
      await journal.close()
      await store.close()
      return journal.bulk?.refused
    }
    expect(await refusedOf()).toBeUndefined()
    await loads.place.execRecords(`REVOKE CREATE ON DATABASE ${database} FROM ${role}`)
    expect(await refusedOf()).toBe(`${role} may make no schemas: run GRANT CREATE ON DATABASE ${database} TO ${role}`)
  } finally {
    await loads.place.execRecords(
      `REASSIGN OWNED BY ${role} TO "${username}"; DROP OWNED BY ${role}; DROP ROLE ${role}`,
    )
  }
})

test('tables that are spread over servers are not replaced', async () => {
  await migratePart(loads.place.url, { of: 'journal', chain: CHAIN })
  const before = (await loads.place.openChain()).journal
  expect(before.bulk?.refused).toBeUndefined()
  await before.close()
  await loads.place.execRecords('CREATE TABLE pg_dist_partition (logicalrelid regclass PRIMARY KEY)')
  await loads.place.execRecords(`INSERT INTO pg_dist_partition SELECT c.oid FROM pg_class c
    WHERE c.relname = 'balances' AND c.relnamespace::regnamespace::text LIKE current_schema() || '_eip155_1'`)
  const { journal } = await loads.place.openChain()
  expect(journal.bulk?.refused).toBe('its tables are spread over servers')
})
