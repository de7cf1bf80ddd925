import { dirname } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { commitGroup, outcomeOf } from '../../src/ledger/group-commit.ts'
import type { Operation, Outcome } from '../../src/ledger/ledger.ts'
import { genesisOf } from '../../src/ledger/record.ts'
import type { LedgerJournal } from '../../src/store/seam/ledger-store.ts'
import { openDatabase, type SqliteDatabase } from '../../src/store/sqlite/database.ts'
import { SqliteLedgerJournal } from '../../src/store/sqlite/ledger/ledger-journal.ts'
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

/** The connection of a journal, opened as `openJournal` does it; `durable`: unless a test says otherwise. */
function openFile({ file }: Folder, durable = true): SqliteDatabase {
  const parts = { chain: CHAIN_MIGRATIONS, ledger: LEDGER_MIGRATIONS }
  return openDatabase({ file, migrations: MAIN_MIGRATIONS, parts, durable, cache: 'ledger' })
}

function journalOn(db: SqliteDatabase): SqliteLedgerJournal {
  return new SqliteLedgerJournal({
    db,
    folder: dirname(db.name),
    chain: CHAIN,
    genesis: genesisOf(CHAIN, BEGAN),
    onStep: undefined,
  })
}

async function register(journal: LedgerJournal, wallet: string): Promise<Outcome> {
  const operation: Operation = { kind: 'register_wallet', wallet }
  const rules = { strictWallets: false }
  const [settled] = await commitGroup(journal, [{ operation, idempotency: undefined }], { rules, now: BEGAN })
  return outcomeOf(settled)
}

test('a journal writes through a connection that waits for the disk, or not at all', async () => {
  const folder = newFolder()
  const durable = openFile(folder)
  expect(durable.pragma('synchronous', { simple: true })).toBe(2)
  await journalOn(durable).close()
  const careless = openFile(folder, false)
  expect(() => journalOn(careless)).toThrow('a ledger commit is on disk')
  careless.close()
})

test('a checkpoint that fails is counted, and told to nobody whose operation is on disk', async () => {
  const folder = newFolder()
  const db = openFile(folder)
  const journal = journalOn(db)
  // A statement of the very connection that is read half keeps SQLite from copying the log, and from nothing else.
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

test('closing waits for nobody who reads an older state, and so lets all others write', async () => {
  const folder = newFolder()
  const replica = newFolder()
  const ledger = await openLedger(folder)
  const store = openStoreAt(folder)
  const audit = await store.ledgers.openAudit(CHAIN, replica.path)
  await ledger.submit([{ operation: { kind: 'register_wallet', wallet: 'later' }, idempotency: undefined }])
  const before = performance.now()
  await ledger.close()
  // It used to wait for as long as for another writer: 30 s.
  expect(performance.now() - before).toBeLessThan(10_000)
  expect([...audit.blocks()]).toHaveLength(1)
  await audit.close()
  await store.close()
}, 60_000)
