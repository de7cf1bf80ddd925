/** Folders and files that are no store. `src/store/postgres/connection.test.ts` has what a database server refuses. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import type { Header } from '../../src/core/block.ts'
import { type ChainId, parseChainId } from '../../src/core/chain.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/seam/store.ts'
import { MAIN_MIGRATIONS } from '../../src/store/sqlite/main-schema.ts'
import { CHAIN_MIGRATIONS } from '../../src/store/sqlite/schema.ts'

const root = mkdtempSync(join(tmpdir(), 'steelyard-refusals-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const CHAIN = chainOf('eip155:1')
const LEDGER = chainOf('ledger:main')
const GENESIS: Header = { number: 0, hash: `0x${'0'.repeat(64)}`, parentHash: `0x${'0'.repeat(64)}`, timestamp: 1 }

function chainOf(text: string): ChainId {
  const chain = parseChainId(text)
  if (chain === undefined) throw new Error(`not a chain id: ${text}`)
  return chain
}

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(root, 'case-'))
})

function open(at = folder): Promise<Store> {
  return openStore({ url: `sqlite:${at}`, codecOf: () => HEX_ACCOUNTS })
}

/** Creates an SQLite file that has the newest schema version but no table. */
function emptied(name: string, version: number): void {
  const db = new Database(join(folder, name))
  db.pragma('journal_mode = WAL')
  db.pragma(`user_version = ${version}`)
  db.close()
}

const refused = (message: RegExp, code = 'STORE_UNAVAILABLE') =>
  expect.objectContaining({ name: 'ServiceError', code, message: expect.stringMatching(message) })

/** An SQLite file without our tables counts as damaged. */
const damaged = () => refused(/lacks table/, 'STORE_DAMAGED')

describe('an error of the file system becomes STORE_UNAVAILABLE', () => {
  test('for a folder that is a file', async () => {
    writeFileSync(join(folder, 'taken'), '')
    await expect(open(join(folder, 'taken'))).rejects.toEqual(refused(/EEXIST|ENOTDIR/))
    await expect(open(join(folder, 'taken', 'below'))).rejects.toEqual(refused(/ENOTDIR/))
  })

  test('for a name that is too long', async () => {
    await expect(open(join(folder, 'x'.repeat(300)))).rejects.toEqual(refused(/ENAMETOOLONG/))
  })

  test('for a file that is a folder (the store, a lease); a reset deletes such a folder of a chain', async () => {
    mkdirSync(join(folder, 'store', 'steelyard.db'), { recursive: true })
    await expect(open(join(folder, 'store'))).rejects.toEqual(refused(/unable to open/))
    const store = await open()
    mkdirSync(join(folder, 'eip155_1.lease'))
    await expect(store.openJournal(CHAIN, { scope: { type: 'all' }, from: 0 })).rejects.toEqual(refused(/unable/))
    await expect(store.forget(CHAIN)).rejects.toEqual(refused(/unable/))
    rmSync(join(folder, 'eip155_1.lease'), { recursive: true })
    mkdirSync(join(folder, 'eip155_1.db'))
    await store.forget(CHAIN)
    expect(existsSync(join(folder, 'eip155_1.db'))).toBe(false)
    await store.close()
  })
})

test('the file of a chain that a newer version made is rejected', async () => {
  const store = await open()
  emptied('eip155_1.db', 999)
  await expect(store.openJournal(CHAIN, { scope: { type: 'all' }, from: 0 })).rejects.toMatchObject({
    code: 'STORE_MISMATCH',
  })
  await store.close()
})

describe('a file without its tables is damaged', () => {
  test('the authoritative file', async () => {
    emptied('steelyard.db', MAIN_MIGRATIONS.length)
    await expect(open()).rejects.toEqual(damaged())
  })

  test('the file of a chain, for its writer and its readers', async () => {
    const store = await open()
    emptied('eip155_1.db', CHAIN_MIGRATIONS.length)
    await expect(store.openReads(CHAIN)).rejects.toEqual(damaged())
    await expect(store.openJournal(CHAIN, { scope: { type: 'all' }, from: 0 })).rejects.toEqual(damaged())
    await store.close()
  })

  test('the file of a ledger', async () => {
    const store = await open()
    await (await store.ledgers.openJournal(LEDGER, GENESIS)).close()
    const db = new Database(join(folder, 'steelyard.db'))
    for (const name of db
      .prepare("SELECT name FROM sqlite_schema WHERE name LIKE 'ledger%' AND type = 'table'")
      .pluck()
      .all()) {
      db.exec(`DROP TABLE ${String(name)}`)
    }
    db.close()
    await expect(store.ledgers.openReads(LEDGER)).rejects.toEqual(damaged())
    await expect(store.ledgers.openJournal(LEDGER, GENESIS)).rejects.toEqual(damaged())
    await store.close()
  })
})
