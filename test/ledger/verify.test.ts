/** Every cell of a record is changed, in copies of a file, which are made fast. `verify-engines.test.ts` has a change of each kind on every engine. */
import { copyFileSync } from 'node:fs'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MAIN_MIGRATIONS } from '../../src/store/sqlite/main-schema.ts'
import { type Folder, makeFolder, OPERATIONS, openLedger, verify } from './ledger.ts'

const whole = makeFolder()
beforeAll(async () => {
  const ledger = await openLedger(whole)
  for (const [at, operation] of OPERATIONS.entries()) {
    const key = { scope: '/api/tokens/mint default', key: `key-${at}`, fingerprint: 'ab'.repeat(32) }
    await ledger.submit([{ operation, idempotency: at % 2 === 0 ? key : undefined }], 2_000 + at)
  }
  await ledger.close()
})
afterAll(() => whole.remove())

/** Changes a copy of the ledger and returns the result of its verification. */
async function tampered(change: (db: Database.Database, folder: Folder) => void) {
  const folder = makeFolder()
  copyFileSync(whole.file, folder.file)
  const db = new Database(folder.file)
  try {
    change(db, folder)
  } finally {
    db.close()
  }
  try {
    return await verify(folder)
  } finally {
    folder.remove()
  }
}

test('an intact record is verified, and its last block is returned', async () => {
  const { operations, head, faults } = await verify(whole)
  expect({ operations, faults, number: head?.number }).toEqual({ operations: 9, faults: [], number: 9 })
  expect((await verify(whole, [head])).faults).toEqual([])
})

test('what the rest of the store keeps in the same file is not part of the record', async () => {
  const { faults } = await tampered((db) => {
    db.pragma('foreign_keys = OFF')
    for (const [table] of MAIN_MIGRATIONS.flatMap((sql) => [...sql.matchAll(/(?<=\bCREATE TABLE )\w+/g)])) {
      const columns = db.prepare<[], { type: string }>(`PRAGMA table_info(${table})`).all()
      const values = columns.map(({ type }) => ({ INTEGER: '1', REAL: '1', BLOB: 'zeroblob(32)' })[type] ?? "'a'")
      db.exec(`INSERT INTO ${table} VALUES (${values.join(', ')})`)
    }
  })
  expect(faults).toEqual([])
})

test('a noted block with another hash, or beyond the end of the record, is found', async () => {
  const noted = { number: 4, hash: `0x${'0'.repeat(64)}` }
  expect((await verify(whole, [noted])).faults).toEqual([
    { block: 4, says: `its hash is not ${noted.hash}, the noted hash` },
  ])
  expect((await verify(whole, [{ ...noted, number: 10 }])).faults).toEqual([
    { block: 10, says: 'the record ends before this block' },
  ])
})

/** Tables that operations write. The test changes each column of the row. `block`: the block that a fault must name. */
const TABLES = [
  { table: 'ledger_operations', where: 'number = 6', block: 6 },
  { table: 'ledger_operations', where: 'number = 1', block: 1 },
  { table: 'ledger_keys', where: 'number = 5', block: 5 },
  { table: 'ledger', where: 'one = 1', block: undefined },
  { table: 'blocks', where: 'number = 6', block: 6 },
  { table: 'transfers', where: 'block = 6', block: 6 },
  { table: 'changes', where: "block = 6 AND account = x'616c696365'", block: 6 },
  { table: 'balances', where: "account = x'616c696365'", block: 9 },
  { table: 'accounts', where: "account = x'616c696365'", block: undefined },
  { table: 'assets', where: "reference = 'GILT'", block: undefined },
  { table: 'clock', where: 'one = 1', block: undefined },
] as const

type Cell = null | number | string | Buffer

/**
 * Returns values close to a cell: of the same type, or of any type for null. The test uses the first that the table
 * accepts.
 */
function changed(cell: Cell): readonly Cell[] {
  if (cell === null) return ['x', Buffer.from([0x81, 1]), 1]
  if (typeof cell === 'number') return [cell + 1, cell + 1_000]
  if (typeof cell === 'string') return [`${cell}!`]
  const bytes = Buffer.from(cell.length === 0 ? [1] : cell)
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1)
  return [bytes]
}

/** Returns every column to change. Not `one`, since the table fixes its value. */
function columnsOf(table: string): readonly string[] {
  const db = new Database(whole.file, { readonly: true })
  try {
    const names = db.prepare<[], { name: string }>(`SELECT name FROM pragma_table_info('${table}')`).all()
    return names.map(({ name }) => name).filter((name) => name !== 'one')
  } finally {
    db.close()
  }
}

describe('every changed cell is found', () => {
  for (const { table, where, block } of TABLES) {
    test(`${table} where ${where}`, async () => {
      const missed: string[] = []
      const unnamed: string[] = []
      for (const column of columnsOf(table)) {
        const { faults } = await tampered((db) => {
          const cell = db.prepare<[], Cell>(`SELECT ${column} FROM ${table} WHERE ${where}`).pluck().get() ?? null
          for (const value of changed(cell)) {
            try {
              db.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${where}`).run(value)
              return
            } catch (error) {
              if (!(error instanceof Database.SqliteError)) throw error
            }
          }
          throw new Error(`${table}.${column} could not be changed`)
        })
        if (faults.length === 0) missed.push(column)
        const names = faults.some((fault) => fault.block !== undefined && Math.abs(fault.block - (block ?? 0)) <= 1)
        if (block !== undefined && !names) unnamed.push(column)
      }
      expect({ missed, unnamed }).toEqual({ missed: [], unnamed: [] })
    })

    test(`${table}: a deleted row`, async () => {
      const { faults } = await tampered((db) => db.exec(`DELETE FROM ${table} WHERE ${where}`))
      expect(faults.length).toBeGreaterThan(0)
    })
  }

  test('rows without an operation', async () => {
    for (const insert of [
      "INSERT INTO transfers VALUES (9, 1, 0, 1, NULL, x'6d65', x'', x'8105', x'00')",
      "INSERT INTO accounts VALUES (x'6d65', 1, 1)",
      "INSERT INTO ledger_keys VALUES ('s', 'k', 'f', 2)",
      "INSERT INTO ledger_keys VALUES ('s', 'k', 'f', 99)",
      "INSERT INTO ledger_operations (number, kind, serial, asset, receiver, amount) VALUES (10, 'mint', 3, 'GILT', x'6d65', x'8105')",
      "INSERT INTO openings VALUES (x'6d65', 1, x'', 1, x'00', x'8105', 0)",
      "INSERT INTO turns (asset, block, hash, reason, turned_at) VALUES (1, 1, x'00', 'balance', 1)",
      "INSERT INTO balances SELECT x'6d65', asset, item, sum, opening, amount, met_block, met_log, met_sub, received_block, last_block, closed_block, fungible FROM balances LIMIT 1",
    ]) {
      const { faults } = await tampered((db) => db.exec(insert))
      expect([insert, faults.length > 0]).toEqual([insert, true])
    }
  })
})

test('a cut record, or one with a forged last block and a correct hash, is found by the data that depends on it', async () => {
  const cut = await tampered((db) =>
    db.exec('DELETE FROM ledger_operations WHERE number = 9; DELETE FROM blocks WHERE number = 9'),
  )
  expect(cut.faults[0]?.says).toContain('is stored as')
})

test('a damaged page that no table uses is found by SQLite', async () => {
  const { faults } = await tampered((db) => {
    // An index that misses its row: the file contradicts itself.
    db.unsafeMode(true)
    db.pragma('writable_schema = ON')
    db.exec("UPDATE sqlite_schema SET rootpage = 2 WHERE name = 'transfers_by_asset'")
  })
  expect(faults.length).toBeGreaterThan(0)
  expect(faults[0]?.says).toContain('the file: ')
})

describe('a schema that differs from this version’s', () => {
  const cases: readonly { readonly what: string; readonly change: string; readonly says: RegExp }[] = [
    { what: 'a table is missing', change: 'DROP TABLE ledger_keys', says: /table ledger_keys is missing/ },
    { what: 'a table of the chain is missing', change: 'DROP TABLE openings', says: /table openings is missing/ },
    {
      what: 'the operations are missing',
      change: 'DROP TABLE ledger_operations',
      says: /table ledger_operations is missing/,
    },
    { what: 'the table with the chain id is missing', change: 'DROP TABLE chain', says: /table chain is missing/ },
    { what: 'a unique index is dropped', change: 'DROP INDEX ledger_wallets', says: /index ledger_wallets is missing/ },
    {
      what: 'a unique index is no longer unique',
      change:
        "DROP INDEX ledger_wallets; CREATE INDEX ledger_wallets ON ledger_operations (receiver) WHERE kind = 'register_wallet'",
      says: /index ledger_wallets differs/,
    },
    {
      what: 'a trigger is added',
      change: 'CREATE TRIGGER t AFTER INSERT ON ledger_operations BEGIN DELETE FROM keys; END',
      says: /trigger t does not belong here/,
    },
    { what: 'a view is added', change: 'CREATE VIEW v AS SELECT * FROM balances', says: /view v does not belong here/ },
    { what: 'a table is added', change: 'CREATE TABLE extra (a)', says: /table extra does not belong here/ },
    {
      what: 'a column is added',
      change: 'ALTER TABLE balances ADD COLUMN extra TEXT',
      says: /table balances differs/,
    },
    {
      what: 'a column is renamed',
      change: 'ALTER TABLE accounts RENAME COLUMN received TO got',
      says: /table accounts differs/,
    },
    { what: 'an index is added', change: 'CREATE INDEX i ON balances (sum)', says: /index i does not belong here/ },
  ]
  for (const { what, change, says } of cases) {
    test(what, async () => {
      const { faults } = await tampered((db) => db.exec(change))
      expect(faults.map((fault) => fault.says).join('\n')).toMatch(says)
    })
  }
})
