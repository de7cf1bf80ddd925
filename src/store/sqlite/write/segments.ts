import type { BlockRef } from '../../../core/block.ts'
import { decodeAmount, encodeAmount } from '../../../journal/amount-codec.ts'
import { encodeHash } from '../../../journal/hash-codec.ts'
import type { Position } from '../../../journal/position.ts'
import {
  closedAfter,
  newestSegment,
  type Opening,
  type PairSums,
  SINCE_COVERAGE,
  type SumRange,
} from '../../../journal/segments.ts'
import { bytes, int, nullable, type Row, type SqliteDatabase, type Statement } from '../database.ts'
import { PAIR, type PairKey, pairValues } from './pair-writer.ts'

/**
 * The openings of pairs, and the newest segment of each: a function of the pair's changes and of its reads in
 * `openings`, recomputed whenever one of them changes.
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
    return this.#coverage === undefined ? undefined : closedAfter(this.#sumsOf(key), this.#coverage, -1)
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
    const reads = this.#s.openings.all(...pairValues(key)).map(readOpening)
    const segment = newestSegment(this.#sumsOf(key), { reads, coverage: this.#coverage })
    for (const block of segment.dropped) this.#s.drop.run(...pairValues(key), block)
    for (const { block, since } of segment.moved) this.#s.setSince.run(since, ...pairValues(key), block)
    return { opening: segment.opening, closedBlock: segment.closedBlock }
  }

  #sumsOf(key: PairKey): PairSums {
    const pair = pairValues(key)
    const outside = ({ least, most }: SumRange): Buffer[] => [encodeAmount(least), encodeAmount(most)]
    return {
      sumAt: (block) => this.sumAt(key, block),
      outsideAfter: (block, range) => inBlocks(this.#s.outsideAfter.iterate(...pair, block, ...outside(range))),
      outsideThrough: (block, range) => inBlocks(this.#s.outsideThrough.iterate(...pair, block, ...outside(range))),
      nextChange: (block) => nullable(this.#s.nextChange.get(...pair, block), int),
    }
  }
}

function* inBlocks(rows: IterableIterator<unknown>): Generator<number> {
  for (const row of rows) yield int(row)
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
    outsideThrough: sql(
      `SELECT block FROM changes WHERE ${PAIR} AND block <= ? ${outside} ORDER BY block DESC`,
    ).pluck(),
    nextChange: sql(`SELECT min(block) FROM changes WHERE ${PAIR} AND block > ?`).pluck(),
  }
}
