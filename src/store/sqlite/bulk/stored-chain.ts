import type { AccountCodec } from '../../../core/account.ts'
import type { AssetRef } from '../../../core/asset.ts'
import type { Header } from '../../../core/block.ts'
import { parseStandard } from '../../../journal/rules/assets.ts'
import { storedRecords } from '../../queries/carry/stored-records.ts'
import { HEADER_COLUMNS, readOptionalHeader } from '../../rows/header-rows.ts'
import type { StoredChain, StoredRecord } from '../../seam/stored-chain.ts'
import { guarded, NO_ROW, type Row, type SqliteDatabase, text } from '../database.ts'
import { openReader } from '../facts-file.ts'

/** Rows of a page. */
const PAGE_ROWS = 1_000

/** Reads a chain's file through a connection and a snapshot of its own. Undefined if no block is stored. */
export function openStoredChain(file: string, codec: AccountCodec): StoredChain | undefined {
  const db = openReader(file)
  try {
    return guarded(db, () => {
      // What is sorted may not fit in memory.
      db.pragma('temp_store = FILE')
      db.exec('BEGIN')
      const through = readOptionalHeader(db.prepare(`SELECT ${HEADER_COLUMNS} FROM clock`).raw().get() ?? NO_ROW)
      if (through !== undefined) return new SqliteStoredChain(db, through, codec)
      db.close()
      return undefined
    })
  } catch (error) {
    db.close()
    throw error
  }
}

class SqliteStoredChain implements StoredChain {
  readonly through: Header
  readonly #db: SqliteDatabase
  readonly #codec: AccountCodec

  constructor(db: SqliteDatabase, through: Header, codec: AccountCodec) {
    this.#db = db
    this.through = through
    this.#codec = codec
  }

  async *assets(after: number): AsyncGenerator<readonly AssetRef[]> {
    for (const rows of this.#pages('SELECT standard, reference FROM assets WHERE id > ? ORDER BY id', after))
      yield guarded(this.#db, () => rows.map((row) => ({ standard: parseStandard(row[0]), reference: text(row[1]) })))
  }

  async *records(after: number): AsyncGenerator<readonly StoredRecord[]> {
    try {
      yield* storedRecords((sql, from) => this.#pages(sql, from), after, this.#codec)
    } catch (error) {
      guarded(this.#db, () => {
        throw error
      })
    }
  }

  close(): void {
    this.#db.close()
  }

  *#pages(sql: string, after: number): Generator<readonly Row[], void> {
    const rows = guarded(this.#db, () => this.#db.prepare(sql).raw().iterate(after))
    const read = (): readonly Row[] => {
      const page: Row[] = []
      while (page.length < PAGE_ROWS) {
        const { done, value } = rows.next()
        if (done === true) break
        page.push(value)
      }
      return page
    }
    try {
      for (let page = guarded(this.#db, read); page.length > 0; page = guarded(this.#db, read)) yield page
    } finally {
      rows.return?.()
    }
  }
}
