/** What only a ledger in a file has: its connection, checkpoints, and readers of older states. `test/store/ledgers.test.ts` has the rest. */
import { dirname } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { commitGroup, outcomeOf } from '../../src/ledger/group-commit.ts'
import type { Operation, Outcome } from '../../src/ledger/ledger.ts'
import { genesisOf } from '../../src/ledger/record.ts'
import { StoredLedgerJournal } from '../../src/store/queries/ledger/stored-ledger-journal.ts'
import type { LedgerJournal } from '../../src/store/seam/ledger-store.ts'
import { openDatabase, type SqliteDatabase } from '../../src/store/sqlite/database.ts'
import { SqliteLedgerWriter } from '../../src/store/sqlite/ledger/ledger-writer.ts'
import { LEDGER_MIGRATIONS, MAIN_MIGRATIONS } from '../../src/store/sqlite/main-schema.ts'
import { CHAIN_MIGRATIONS } from '../../src/store/sqlite/schema.ts'
import { BEGAN, CHAIN, type Folder, makeFolder, openLedger, openStoreAt, verify } from './ledger.ts'

const folders: Folder[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) folder.remove()
})

function newFolder(): Folder {
  const folder = makeFolder()
  folders.push(folder)
  return folder
}

/** Returns a journal's connection, opened as in `openJournal`. `durable`: true by default. */
function openFile({ file }: Folder, durable = true): SqliteDatabase {
  const parts = { chain: CHAIN_MIGRATIONS, ledger: LEDGER_MIGRATIONS }
  return openDatabase({ file, migrations: MAIN_MIGRATIONS, parts, durable, cache: 'ledger' })
}

async function journalOn(db: SqliteDatabase): Promise<LedgerJournal> {
  const writer = new SqliteLedgerWriter({ db, folder: dirname(db.name), chain: CHAIN })
  return StoredLedgerJournal.open(writer, genesisOf(CHAIN, BEGAN))
}

async function register(journal: LedgerJournal, wallet: string): Promise<Outcome> {
  const operation: Operation = { kind: 'register_wallet', wallet }
  const rules = { strictWallets: false }
  const [settled] = await commitGroup(journal, [{ operation, idempotency: undefined }], { rules, now: BEGAN })
  return outcomeOf(settled)
}

test('a journal accepts only a connection that waits for the disk', async () => {
  const folder = newFolder()
  const durable = openFile(folder)
  expect(durable.pragma('synchronous', { simple: true })).toBe(2)
  await (await journalOn(durable)).close()
  const careless = openFile(folder, false)
  await expect(journalOn(careless)).rejects.toThrow('a ledger commit is on disk')
  careless.close()
})

test('a failed checkpoint is counted, but does not fail operations that are on disk', async () => {
  const folder = newFolder()
  const db = openFile(folder)
  const journal = await journalOn(db)
  // An unfinished statement on the same connection prevents only that SQLite copies the log.
  db.unsafeMode(true)
  const rows = db.prepare('SELECT 1 UNION ALL SELECT 2 FROM chain UNION ALL SELECT 3 FROM clock').iterate()
  rows.next()
  rows.next()
  for (let at = 1; at <= 60; at++) expect(await register(journal, `wallet-${at}`)).toMatchObject({ accepted: true })
  expect(journal.writes).toEqual({
    commits: 60,
    operations: 60,
    checkpoints: 0,
    checkpointsFailed: 1,
    checkpointError: 'database table is locked',
  })
  rows.return?.()
  for (let at = 61; at <= 100; at++) await register(journal, `wallet-${at}`)
  expect(journal.writes).toMatchObject({ commits: 100, checkpoints: 1, checkpointsFailed: 1 })
  await journal.close()
  expect(await verify(folder)).toMatchObject({ operations: 100, faults: [] })
})

test('closing does not wait for a reader of an older state, so other writers can continue', async () => {
  const folder = newFolder()
  const ledger = await openLedger(folder)
  const store = openStoreAt(folder)
  const audit = await store.ledgers.openAudit(CHAIN)
  await ledger.submit([{ operation: { kind: 'register_wallet', wallet: 'later' }, idempotency: undefined }])
  const before = performance.now()
  await ledger.close()
  // It used to wait as long as for another writer: 30 s.
  expect(performance.now() - before).toBeLessThan(20_000)
  let blocks = 0
  for await (const _ of audit.blocks()) blocks += 1
  expect(blocks).toBe(1)
  await audit.close()
  await store.close()
}, 180_000)
