import { TEXT_ACCOUNTS } from '../../../core/account.ts'
import type { ChainId } from '../../../core/chain.ts'
import { ServiceError } from '../../../core/errors.ts'
import { decodeAmount } from '../../../journal/amount-codec.ts'
import { decodeHash } from '../../../journal/hash-codec.ts'
import { HEADER_COLUMNS, readHeader } from '../../rows/header-rows.ts'
import { RECORD_COLUMNS, readRecorded } from '../../rows/ledger-rows.ts'
import type { AuditedBlock, LedgerAudit, LedgerFault } from '../../seam/ledger-store.ts'
import { bytes, guarded, int, nullable, type Row, type SqliteDatabase, text } from '../database.ts'
import { MAIN_MIGRATIONS } from '../main-schema.ts'
import { schemaFaults } from './ledger-schema.ts'

/**
 * Tables that operations do not determine: other parts of the store, repeated calls, the chain audit's tables, and the feed,
 * which depends on which operations were committed together.
 */
const NOT_OF_THE_RECORD = new Set([
  ...tablesOf(MAIN_MIGRATIONS),
  'parts',
  'heartbeat',
  'places',
  'findings',
  'feed',
  'ledger_repeats',
])
/** Columns that record use of the file: `fence` counts how often it was opened. */
const NOT_FACTS = new Set(['chain.fence'])
/** Columns with a row's block number, in order of preference. */
const BLOCK_COLUMNS = ['number', 'block', 'last_block', 'first_block']
/** Most faults that SQLite's integrity check reports. */
const MAX_DAMAGE = 10

/** Reads all rows of a ledger in one snapshot. */
export class SqliteLedgerAudit implements LedgerAudit {
  readonly #db: SqliteDatabase

  /** `replica`: the file of the rewritten ledger. It may be incomplete until `differences` is called. */
  constructor(db: SqliteDatabase, { chain, replica }: { readonly chain: ChainId; readonly replica: string }) {
    this.#db = db
    guarded(db, () => {
      db.prepare('ATTACH ? AS replica').run(replica)
      db.exec('BEGIN')
      // Tables are missing. `damage` reports which.
      if (schemaFaults(db, MAX_DAMAGE).length > 0) return
      const whose = db.prepare('SELECT chain FROM main.chain').pluck().get()
      if (whose === chain) return
      const message =
        whose === undefined ? `the store holds no ${chain}` : `the store holds ${String(whose)}, not ${chain}`
      throw new ServiceError('STORE_MISMATCH', message, { fields: { chain } })
    })
  }

  damage(): readonly LedgerFault[] {
    const said = guarded(this.#db, () => this.#db.prepare(`PRAGMA main.integrity_check(${MAX_DAMAGE})`).pluck().all())
    const damaged = said.filter((line) => line !== 'ok').map((line) => `the file: ${String(line)}`)
    const schema = guarded(this.#db, () => schemaFaults(this.#db, MAX_DAMAGE))
    return [...damaged, ...schema].map((says) => ({ block: undefined, says }))
  }

  *blocks(): Iterable<AuditedBlock | LedgerFault> {
    const header = HEADER_COLUMNS.split(', ').map((column) => `b.${column}`)
    const rows = `SELECT ${RECORD_COLUMNS}, ${header.join(', ')}, o.request, k.scope, k.key, k.fingerprint
      FROM main.blocks b LEFT JOIN main.ledger_operations o ON o.number = b.number
      LEFT JOIN main.ledger_keys k ON k.number = b.number ORDER BY b.number`
    yield* this.#each(rows, { block: 12, read: readBlock })
  }

  *balances() {
    const rows = `SELECT account, reference, amount, last_block FROM main.balances JOIN main.assets a ON a.id = asset`
    yield* this.#each(rows, {
      block: 3,
      read: (row) => ({
        wallet: TEXT_ACCOUNTS.decode(bytes(row[0])),
        assetId: text(row[1]),
        amount: decodeAmount(bytes(row[2])),
        lastBlock: int(row[3]),
      }),
    })
  }

  *supplies() {
    yield* this.#each('SELECT reference, supply, first_block FROM main.assets', {
      block: 2,
      read: (row) => ({ assetId: text(row[0]), supply: decodeAmount(bytes(row[1])) }),
    })
  }

  differences(limit: number): readonly LedgerFault[] {
    const names = "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    const theirs = new Set(
      this.#db.prepare("SELECT name FROM replica.sqlite_schema WHERE type = 'table'").pluck().all(),
    )
    const tables = this.#db.prepare(names).pluck().all().map(text)
    const faults: LedgerFault[] = []
    for (const table of tables) {
      if (NOT_OF_THE_RECORD.has(table) || !theirs.has(table)) continue
      const left = limit - faults.length
      if (left > 0) faults.push(...this.#differencesOf(table, left))
    }
    return faults
  }

  async close(): Promise<void> {
    this.#db.close()
  }

  #differencesOf(table: string, limit: number): readonly LedgerFault[] {
    const all = this.#db.prepare('SELECT name FROM pragma_table_info(?)').pluck().all(table).map(text)
    const columns = all.filter((column) => !NOT_FACTS.has(`${table}.${column}`))
    const select = (schema: string): string => `SELECT ${columns.join(', ')} FROM ${schema}.${table}`
    const only = (here: string, there: string): readonly Row[] =>
      guarded(this.#db, () =>
        this.#db
          .prepare(`${select(here)} EXCEPT ${select(there)} LIMIT ${limit}`)
          .raw()
          .all(),
      ) as readonly Row[]
    const fault = (row: Row, says: string): LedgerFault => ({
      block: blockOf(columns, row),
      says: `table ${table}: ${says}: ${describe(columns, row)}`,
    })
    const extra = only('main', 'replica').map((row) => fault(row, 'the operations do not produce this row'))
    const missing = only('replica', 'main').map((row) =>
      fault(row, 'this row is missing, but the operations produce it'),
    )
    return [...extra, ...missing].slice(0, limit)
  }

  /** Reads rows one by one. An unreadable row yields a fault, and reading continues with the next row. */
  *#each<T>(sql: string, how: { readonly block: number; readonly read: (row: Row) => T }): Iterable<T | LedgerFault> {
    for (const entry of this.#db.prepare(sql).raw().iterate()) {
      const row = entry
      yield tryRead(row, how)
    }
  }
}

function tryRead<T>(row: Row, how: { readonly block: number; readonly read: (row: Row) => T }): T | LedgerFault {
  try {
    return how.read(row)
  } catch (error) {
    const block = row[how.block]
    const reason = error instanceof Error ? error.message : String(error)
    return { block: typeof block === 'number' ? block : undefined, says: `a row cannot be read: ${reason}` }
  }
}

function readBlock(row: Row): AuditedBlock {
  const [scope, key, fingerprint] = row.slice(17)
  const hasKey = scope !== null
  return {
    header: readHeader(row.slice(12, 16)),
    recorded: row[0] === null ? undefined : readRecorded(row),
    idempotency: hasKey ? { scope: text(scope), key: text(key), fingerprint: text(fingerprint) } : undefined,
    keyDigest: nullable(row[16], (value) => decodeHash(bytes(value))),
  }
}

function blockOf(columns: readonly string[], row: Row): number | undefined {
  for (const name of BLOCK_COLUMNS) {
    const value = row[columns.indexOf(name)]
    if (typeof value === 'number') return value
  }
  return undefined
}

/**
 * Formats a row for an error message: text and numbers as they are, known binary columns decoded, other bytes as hex.
 */
function describe(columns: readonly string[], row: Row): string {
  return columns.map((column, index) => `${column} ${cell(column, row[index])}`).join(', ')
}

const AMOUNTS = new Set(['amount', 'sum', 'delta', 'opening', 'supply'])
const ACCOUNTS = new Set(['account', 'sender', 'receiver'])

function cell(column: string, value: unknown): string {
  if (!Buffer.isBuffer(value)) return JSON.stringify(value)
  if (ACCOUNTS.has(column)) return JSON.stringify(value.toString('utf8'))
  if (!AMOUNTS.has(column)) return `0x${value.toString('hex')}`
  try {
    return decodeAmount(value).toString()
  } catch {
    return `damaged 0x${value.toString('hex')}`
  }
}

function tablesOf(migrations: readonly string[]): readonly string[] {
  return migrations.flatMap((sql) => [...sql.matchAll(/\bCREATE TABLE (\w+)/g)].map(([, name = '']) => name))
}
