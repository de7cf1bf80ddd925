import {
  type BulkEnd,
  type BulkSink,
  INDEXES,
  NoRows,
  type RowWriter,
  type SmallTable,
  type SortedTable,
} from '../../seam/bulk-sink.ts'
import { guardedFile, type SqliteDatabase, type Statement } from '../database.ts'
import { CHAIN_MIGRATIONS } from '../schema.ts'
import { makeFreshFile, openUnlogged, removeFile } from './fresh-file.ts'
import { type BuiltChain, SmallRows } from './small-rows.ts'

/** Columns of the tables. */
const WIDTHS: Readonly<Partial<Record<SortedTable, number>>> = { transfers: 9, changes: 8, balances: 13, accounts: 3 }

/** Rows of one statement: several cost less than half as much as one by one. */
const ROWS = 16

/**
 * Writes a chain's file by SQL: rows in the order of their keys, and the indexes at the end. The reference that the page
 * writer is compared with, and its replacement where a row does not fit a page.
 */
export class SqlSink implements BulkSink {
  readonly takesIndexes = false
  readonly sharing = undefined
  readonly #file: string
  readonly #whose: BuiltChain
  readonly #db: SqliteDatabase
  readonly #tables: SqlRows[] = []
  #small: SmallRows | undefined

  /** Creates the file, in place of any of that name. */
  constructor(file: string, whose: BuiltChain) {
    this.#file = file
    this.#whose = whose
    this.#db = guardedFile(file, () => {
      makeFreshFile(file)
      return openUnlogged(file)
    })
    this.#guarded(() => {
      for (const index of INDEXES) this.#db.exec(`DROP INDEX ${index}`)
      this.#db.exec('BEGIN')
    })
  }

  rows(table: SortedTable): RowWriter {
    const width = WIDTHS[table]
    if (width === undefined) return new NoRows()
    const rows = new SqlRows(this.#db, { table, width })
    this.#tables.push(rows)
    return rows
  }

  endRows(): void {
    this.#guarded(() => {
      for (const rows of this.#tables) rows.flush()
      this.#db.exec('COMMIT')
      for (const index of INDEXES) this.#db.exec(indexStatement(index))
      this.#db.exec('BEGIN')
    })
  }

  insert(table: SmallTable, values: readonly (number | string | Uint8Array | null)[]): void {
    this.#small ??= new SmallRows(this.#db)
    const small = this.#small
    this.#guarded(() => small.insert(table, values))
  }

  finish(end: BulkEnd): void {
    this.#guarded(() => {
      const small = this.#small ?? new SmallRows(this.#db)
      small.end(end, this.#whose)
      this.#db.exec('COMMIT')
      this.#db.close()
    })
  }

  abandon(): void {
    this.#db.close()
    removeFile(this.#file)
  }

  #guarded<T>(work: () => T): T {
    return guardedFile(this.#file, work)
  }
}

/** The statement of the schema that creates an index. */
function indexStatement(index: SortedTable): string {
  const found = CHAIN_MIGRATIONS.map((migration) => new RegExp(`CREATE INDEX ${index} [^;]*;`).exec(migration)?.[0])
  return found.find((statement) => statement !== undefined) ?? ''
}

/** Inserts rows, several by one statement. */
class SqlRows implements RowWriter {
  readonly #file: string
  readonly #width: number
  readonly #one: Statement
  readonly #many: Statement
  #values: unknown[] = []

  constructor(db: SqliteDatabase, { table, width }: { readonly table: string; readonly width: number }) {
    this.#file = db.name
    this.#width = width
    const row = `(${Array.from({ length: width }, () => '?').join(',')})`
    this.#one = db.prepare(`INSERT INTO ${table} VALUES ${row}`)
    this.#many = db.prepare(`INSERT INTO ${table} VALUES ${Array.from({ length: ROWS }, () => row).join(',')}`)
  }

  int(value: number): void {
    this.#values.push(value)
  }

  bytes(source: Uint8Array, start: number, end: number): void {
    this.#values.push(Buffer.from(source.subarray(start, end)))
  }

  nothing(): void {
    this.#values.push(null)
  }

  end(): void {
    if (this.#values.length < ROWS * this.#width) return
    guardedFile(this.#file, () => this.#many.run(...this.#values))
    this.#values = []
  }

  flush(): void {
    for (let at = 0; at < this.#values.length; at += this.#width) {
      this.#one.run(...this.#values.slice(at, at + this.#width))
    }
    this.#values = []
  }
}
