import type { AccountCodec } from '../../../core/account.ts'
import { assert } from '../../../core/assert.ts'
import type { AssetRef } from '../../../core/asset.ts'
import type { Header } from '../../../core/block.ts'
import { ServiceError } from '../../../core/errors.ts'
import { parseStandard } from '../../../journal/rules/assets.ts'
import { HEADER_COLUMNS, readOptionalHeader } from '../../rows/header-rows.ts'
import type { StoredChain, StoredExtent, StoredRecord } from '../../seam/stored-chain.ts'
import { bytes, guarded, int, NO_ROW, nullable, type Row, type SqliteDatabase, text } from '../database.ts'
import { openReader } from '../facts-file.ts'

/** Newest transfers whose density is taken for that of a gap. */
const NEWEST = 100_000
/** Openings that are counted: more cost too much in any case. */
const MAX_OPENINGS = 1_000_000

/** How much a chain's file holds; undefined if nothing. */
export function extentOf(db: SqliteDatabase): StoredExtent | undefined {
  return guarded(db, () => {
    const [last, transfers] = db.prepare('SELECT number, transfers FROM clock').raw().get() ?? NO_ROW
    if (last === null) return undefined
    const older = db
      .prepare('SELECT block FROM transfers ORDER BY block DESC, log DESC, sub DESC LIMIT 1 OFFSET ? + 0')
      .pluck()
      .get(NEWEST)
    const first = db.prepare('SELECT min(number) FROM blocks').pluck().get()
    const [count, since] = older === undefined ? [int(transfers), nullable(first, int) ?? 0] : [NEWEST, int(older)]
    const openings = db.prepare('SELECT count(*) FROM (SELECT 1 FROM openings LIMIT ? + 0)').pluck().get(MAX_OPENINGS)
    return { transfers: int(transfers), perBlock: count / (int(last) - since + 1), openings: int(openings) }
  })
}

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
  readonly #asset

  constructor(db: SqliteDatabase, through: Header, codec: AccountCodec) {
    this.#db = db
    this.through = through
    this.#codec = codec
    this.#asset = db.prepare('SELECT standard, reference FROM assets WHERE id = ?').raw()
  }

  *assets(): Generator<AssetRef> {
    let before = 0
    for (const row of this.#db.prepare('SELECT id, standard, reference FROM assets ORDER BY id').raw().iterate()) {
      assert(int(row[0]) === ++before, 'ids of assets are given without gaps')
      yield { standard: parseStandard(row[1]), reference: text(row[2]) }
    }
  }

  asset(id: number): AssetRef {
    return guarded(this.#db, () => {
      const row = this.#asset.get(id) ?? NO_ROW
      return { standard: parseStandard(row[0]), reference: text(row[1]) }
    })
  }

  *records(after: number): Generator<StoredRecord> {
    const streams = this.#streams(after)
    const header = this.#db.prepare('SELECT timestamp, hash FROM blocks WHERE number = ?').raw()
    const [transfers] = streams
    try {
      for (;;) {
        const number = Math.min(...streams.map(({ block }) => block))
        if (number === Number.POSITIVE_INFINITY) return
        const row = guarded(this.#db, () => header.get(number))
        if (row === undefined && transfers?.block === number) throw this.#damaged(number)
        const hash = nullable(row?.[1] ?? null, bytes)
        yield { type: 'block', number, timestamp: nullable(row?.[0] ?? null, int) ?? 0, hash }
        for (const stream of streams) while (stream.block === number) yield stream.take()
      }
    } finally {
      for (const stream of streams) stream.end()
    }
  }

  close(): void {
    this.#db.close()
  }

  #streams(after: number): readonly Stream[] {
    const of = (sql: string, read: (row: Row) => StoredRecord): Stream => new Stream(this.#db, { sql, after, read })
    return [
      of(
        `SELECT block, log, sub, asset, sender, receiver, item, amount, hash FROM transfers WHERE block > ?
         ORDER BY block, log, sub`,
        transferOf,
      ),
      of(
        `SELECT block, reference, standard, account, item, undecodable IS block FROM hints WHERE block > ?
         ORDER BY block`,
        (row) => hintOf(row, bytes(row[3])),
      ),
      of(
        `SELECT undecodable, reference, standard, account, item, 1 FROM hints
         WHERE undecodable > ? AND undecodable <> block ORDER BY undecodable`,
        (row) => hintOf(row, bytes(row[3])),
      ),
      ...this.#metStreams(of),
    ]
  }

  /**
   * Tokens may have been shown to exist by an event of an account whose hints are not stored: the zero address. Such an event
   * reclassifies a token.
   */
  #metStreams(of: (sql: string, read: (row: Row) => StoredRecord) => Stream): readonly Stream[] {
    const { zeroAddress, encode } = this.#codec
    if (zeroAddress === undefined) return []
    const account = encode(zeroAddress)
    const sql = `SELECT a.first_block, a.reference, a.standard, NULL, x'', 1 FROM turns t JOIN assets a ON a.id = t.asset
      WHERE a.first_block > ? AND t.code_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM transfers s WHERE s.asset = a.id AND s.block = a.first_block)
      ORDER BY a.first_block`
    return [of(sql, (row) => hintOf(row, account))]
  }

  #damaged(block: number): ServiceError {
    return new ServiceError('STORE_DAMAGED', `${this.#db.name} has transfers of block ${block}, but not the block`)
  }
}

/** Rows that begin with their block, one at a time. */
class Stream {
  /** The block of the next record; infinite after the last one. */
  block = 0
  readonly #db: SqliteDatabase
  readonly #rows: IterableIterator<Row>
  readonly #read: (row: Row) => StoredRecord
  #row: Row = NO_ROW

  constructor(
    db: SqliteDatabase,
    { sql, after, read }: { readonly sql: string; readonly after: number; readonly read: (row: Row) => StoredRecord },
  ) {
    this.#db = db
    this.#rows = guarded(db, () => db.prepare(sql).raw().iterate(after))
    this.#read = read
    this.#next()
  }

  take(): StoredRecord {
    const record = guarded(this.#db, () => this.#read(this.#row))
    this.#next()
    return record
  }

  end(): void {
    this.#rows.return?.()
  }

  #next(): void {
    guarded(this.#db, () => {
      const { done, value } = this.#rows.next()
      this.#row = done === true ? NO_ROW : value
      this.block = done === true ? Number.POSITIVE_INFINITY : int(this.#row[0])
    })
  }
}

function transferOf(row: Row): StoredRecord {
  return {
    type: 'transfer',
    event: int(row[1]),
    part: int(row[2]),
    asset: int(row[3]),
    from: nullable(row[4], bytes),
    to: nullable(row[5], bytes),
    item: bytes(row[6]),
    amount: bytes(row[7]),
    hash: bytes(row[8]),
  }
}

function hintOf(row: Row, account: Uint8Array): StoredRecord {
  const asset = { reference: text(row[1]), standard: parseStandard(row[2]) }
  return { type: 'hint', asset, account, item: bytes(row[4]), isUndecodable: int(row[5]) === 1 }
}
