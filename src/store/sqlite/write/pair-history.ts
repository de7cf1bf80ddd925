import { decodeAmount, encodeAmount } from '../../../journal/amount-codec.ts'
import type { Position } from '../../../journal/position.ts'
import { bytes, int, nullable, type SqliteDatabase, type Statement } from '../database.ts'
import { Meetings } from './meetings.ts'
import { PAIR, type PairKey, type PairWriter, pairValues } from './pair-writer.ts'
import type { Segments } from './segments.ts'

/** Rows of a pair that are rewritten at a time. Bounds the memory for pairs with many rows. */
const ROWS_AT_ONCE = 5_000

/** Recomputes the rows of pairs whose changes were edited. Runs inside the journal's transaction. */
export class PairHistory {
  readonly #pairs: PairWriter
  readonly #segments: Segments
  readonly #meetings: Meetings
  readonly #s: ReturnType<typeof prepare>

  constructor(db: SqliteDatabase, deps: { readonly pairs: PairWriter; readonly segments: Segments }) {
    this.#pairs = deps.pairs
    this.#segments = deps.segments
    this.#meetings = new Meetings(db)
    this.#s = prepare(db)
  }

  /** Recomputes a pair's running sums from a block on, and its row. */
  rewrite(key: PairKey, from: number): void {
    const before = this.#pairs.read(key)
    const { sum, lastBlock } = this.#resum(key, from)
    // `recompute` comes first: it deletes reads that are no longer needed, and neither the meeting nor `received` may use
    // those.
    const segment = this.#segments.recompute(key)
    const meeting = this.#meetings.of(key)
    if (meeting === undefined) {
      this.#pairs.write(key, before, undefined)
      return
    }
    const { fungible } = key
    const after: Position = { sum, ...segment, ...meeting, lastBlock: lastBlock ?? meeting.metBlock, fungible }
    this.#pairs.write(key, before, after)
  }

  #resum(key: PairKey, from: number): { sum: bigint; lastBlock: number | undefined } {
    let sum = this.#segments.sumAt(key, from - 1)
    // Before every event of the block: some kinds number events beyond any other number that is used as a bound.
    let cursor: [number, number, number] = [from, -1, -1]
    for (;;) {
      const rows = this.#s.changesAfter.all(...pairValues(key), ...cursor, ROWS_AT_ONCE)
      for (const row of rows) {
        cursor = [int(row[0]), int(row[1]), int(row[2])]
        sum += decodeAmount(bytes(row[3]))
        const encoded = encodeAmount(sum)
        if (!encoded.equals(bytes(row[4]))) this.#s.setSum.run(encoded, ...pairValues(key), ...cursor)
      }
      if (rows.length < ROWS_AT_ONCE) break
    }
    return { sum, lastBlock: nullable(this.#s.lastBlock.get(...pairValues(key)), int) }
  }
}

function prepare(db: SqliteDatabase) {
  const sql = (text: string): Statement => db.prepare(text)
  return {
    changesAfter: sql(
      `SELECT block, log, sub, delta, sum FROM changes WHERE ${PAIR} AND (block, log, sub) > (?, ?, ?)
       ORDER BY block, log, sub LIMIT ?`,
    ).raw(),
    setSum: sql(`UPDATE changes SET sum = ? WHERE ${PAIR} AND block = ? AND log = ? AND sub = ?`),
    lastBlock: sql(`SELECT max(block) FROM changes WHERE ${PAIR}`).pluck(),
  }
}
