import { isAmount, MAX_AMOUNT } from '../../../core/amount.ts'
import type { BlockRef } from '../../../core/block.ts'
import { bytes, int, nullable, type Row, type SqliteDatabase, type Statement } from '../database.ts'
import { decodeAmount, encodeAmount } from '../rows/amount-codec.ts'
import { encodeHash } from '../rows/hash-codec.ts'
import type { Position } from '../rows/position.ts'
import { PAIR, type PairKey, pairValues } from './pair-writer.ts'

/** A read that gives a pair its opening. `since`: the first block from which the opening holds. */
export type Opening = { readonly block: number; readonly amount: bigint; readonly since: number }

/** The `since` of an opening that holds since coverage began. */
const SINCE_COVERAGE = 0

/**
 * The openings of pairs. A pair's history is cut into segments. Each segment has an opening, from coverage or from a
 * read, and closes at the block at whose end opening + sum is out of range. Only the newest segment gives amounts. It
 * is a function of the pair's changes and of its reads in `openings`, and is recomputed whenever one of them changes.
 */
export class Segments {
  /** The opening that coverage gives a pair: 0, or unknown. */
  readonly #coverage: bigint | undefined
  readonly #s: ReturnType<typeof prepare>

  constructor(db: SqliteDatabase, coverage: bigint | undefined) {
    this.#coverage = coverage
    this.#s = prepare(db)
  }

  /** The running sum at the end of a block. */
  sumAt(key: PairKey, block: number): bigint {
    const sum = this.#s.sumAt.get(...pairValues(key), block)
    return nullable(sum, (stored) => decodeAmount(bytes(stored))) ?? 0n
  }

  /** The read that gives the newest segment its opening; undefined if coverage gives it. */
  newest(key: PairKey): Opening | undefined {
    const row = this.#s.newest.get(...pairValues(key))
    return row === undefined ? undefined : readOpening(row)
  }

  /** Stores a read of a pair whose newest segment is closed or has no opening. The caller must then call `recompute`. */
  add(key: PairKey, read: { readonly block: BlockRef; readonly amount: bigint }): void {
    const { block, amount } = read
    this.#s.add.run(...pairValues(key), block.number, encodeHash(block.hash), encodeAmount(amount), SINCE_COVERAGE)
  }

  /**
   * The first block at whose end the coverage opening plus the events is out of range. Undefined if there is none, or
   * if coverage gives no opening.
   */
  contradicted(key: PairKey): number | undefined {
    return this.#coverage === undefined ? undefined : this.#closedAfter(key, this.#coverage, -1)
  }

  /** Deletes the reads above a block. Returns their pairs: the caller must call `recompute` for those that stay. */
  dropAbove(block: number): readonly Row[] {
    const pairs = this.#s.above.all(block)
    if (pairs.length > 0) this.#s.dropAbove.run(block)
    return pairs
  }

  /**
   * Recomputes the opening of a pair's newest segment, and the block where it closed, from the stored reads and
   * changes. Deletes reads that are not needed.
   */
  recompute(key: PairKey): Pick<Position, 'opening' | 'closedBlock'> {
    let opening = this.#coverage
    let closedBlock = opening === undefined ? undefined : this.#closedAfter(key, opening, -1)
    for (const entry of this.#s.openings.all(...pairValues(key))) {
      const read = readOpening(entry)
      if (opening !== undefined && (closedBlock === undefined || read.block < closedBlock)) {
        // The segment covers this block without the read, so the read is not needed, even if the segment closes later.
        this.#s.drop.run(...pairValues(key), read.block)
        continue
      }
      const first = opening === undefined
      opening = read.amount - this.sumAt(key, read.block)
      const since = first ? this.#holdsSince(key, opening, read.block) : read.block
      if (since !== read.since) this.#s.setSince.run(since, ...pairValues(key), read.block)
      closedBlock = this.#closedAfter(key, opening, read.block)
    }
    return { opening, closedBlock }
  }

  /** The first block after `after` at whose end opening + sum is out of range. */
  #closedAfter(key: PairKey, opening: bigint, after: number): number | undefined {
    const outside = [encodeAmount(-opening), encodeAmount(MAX_AMOUNT - opening)]
    for (const found of this.#s.outsideAfter.iterate(...pairValues(key), after, ...outside)) {
      const block = int(found)
      if (!isAmount(opening + this.sumAt(key, block))) return block
    }
    return undefined
  }

  /** The first block from which opening + sum is in range at the end of every block up to `through`. */
  #holdsSince(key: PairKey, opening: bigint, through: number): number {
    const outside = [encodeAmount(-opening), encodeAmount(MAX_AMOUNT - opening)]
    for (const found of this.#s.outsideBefore.iterate(...pairValues(key), through, ...outside)) {
      const block = int(found)
      if (!isAmount(opening + this.sumAt(key, block))) return this.#nextChange(key, block) ?? through
    }
    if (isAmount(opening)) return SINCE_COVERAGE
    return this.#nextChange(key, -1) ?? through
  }

  #nextChange(key: PairKey, after: number): number | undefined {
    return nullable(this.#s.nextChange.get(...pairValues(key), after), int)
  }
}

function readOpening(row: Row): Opening {
  return { block: int(row[0]), amount: decodeAmount(bytes(row[1])), since: int(row[2]) }
}

function prepare(db: SqliteDatabase) {
  const sql = (text: string): Statement => db.prepare(text)
  const openings = `SELECT block, amount, since FROM openings WHERE ${PAIR}`
  const outside = 'AND (sum < ? OR sum > ?)'
  return {
    sumAt: sql(
      `SELECT sum FROM changes WHERE ${PAIR} AND block <= ? ORDER BY block DESC, log DESC, sub DESC LIMIT 1`,
    ).pluck(),
    newest: sql(`${openings} ORDER BY block DESC LIMIT 1`).raw(),
    openings: sql(`${openings} ORDER BY block`).raw(),
    add: sql('INSERT INTO openings VALUES (?, ?, ?, ?, ?, ?, ?)'),
    drop: sql(`DELETE FROM openings WHERE ${PAIR} AND block = ?`),
    setSince: sql(`UPDATE openings SET since = ? WHERE ${PAIR} AND block = ?`),
    above: sql('SELECT DISTINCT account, asset, item FROM openings WHERE block > ?').raw(),
    dropAbove: sql('DELETE FROM openings WHERE block > ?'),
    outsideAfter: sql(`SELECT block FROM changes WHERE ${PAIR} AND block > ? ${outside} ORDER BY block`).pluck(),
    outsideBefore: sql(`SELECT block FROM changes WHERE ${PAIR} AND block <= ? ${outside} ORDER BY block DESC`).pluck(),
    nextChange: sql(`SELECT min(block) FROM changes WHERE ${PAIR} AND block > ?`).pluck(),
  }
}
