import type { ChainClock } from '../../seam/chain-clock.ts'
import { CHAIN_STATES } from '../../seam/heartbeat.ts'
import { unwrittenClock } from '../../seam/unwritten-clock.ts'
import {
  bytes,
  int,
  nullable,
  type Row,
  type RowStatement,
  type SqliteDatabase,
  type Statement,
  text,
} from '../database.ts'
import { parseCounts, parseCoverage } from '../rows/clock-json.ts'
import { decodeHash } from '../rows/hash-codec.ts'
import { readOptionalHeader, readOptionalRef } from '../rows/header-rows.ts'
import { DOUBT_COLUMNS, readDoubts } from '../write/doubt-writer.ts'

/**
 * The parts of a chain's clock that are not stored. `own`: the chain is written only here, so its published block is
 * the head, is final, and is current. `zeroAddress`: the chain's zero address.
 */
export type ClockNature = { readonly own: boolean; readonly zeroAddress: string | undefined }

/** Reads the clock of a chain. Parses it again only when one of its rows has changed. */
export class ClockReader {
  readonly #select: RowStatement
  readonly #version: Statement
  #seen: number | undefined
  #clock: ChainClock
  readonly #nature: ClockNature

  constructor(db: SqliteDatabase, nature: ClockNature) {
    this.#nature = nature
    this.#clock = unwrittenClock(nature.zeroAddress)
    this.#version = db.prepare('PRAGMA data_version').pluck()
    this.#select = db
      .prepare(
        `SELECT number, hash, parent, timestamp, finalized_number, finalized_hash, transfers, coverage,
         head_number, head_hash, head_parent, head_timestamp, state, error, caught_up_at, counts, beat_at, classes, audit_error,
         ${DOUBT_COLUMNS.replace('chain', 'in_doubt.chain')}, caught_up_hash
         FROM clock LEFT JOIN chain USING (one) LEFT JOIN heartbeat USING (one) LEFT JOIN in_doubt USING (one)`,
      )
      .raw()
  }

  /** The clock in the connection's snapshot. Needs an open transaction. */
  read(): ChainClock {
    this.#readIfChanged()
    return this.#nature.own ? asOwn(this.#clock) : this.#clock
  }

  #readIfChanged(): void {
    const version = int(this.#version.get())
    if (version === this.#seen) return
    const row = this.#select.get()
    const { zeroAddress } = this.#nature
    this.#clock = row === undefined ? unwrittenClock(zeroAddress) : { ...parseClock(row), zeroAddress: zeroAddress }
    this.#seen = version
  }
}

function asOwn(clock: ChainClock): ChainClock {
  const { published } = clock
  if (published === undefined) return clock
  const caughtUpAt = Math.floor(Date.now() / 1000)
  const caughtUpHash = published.hash
  return { ...clock, head: published, finalized: published, state: 'live', caughtUpAt, caughtUpHash, wasReady: true }
}

function parseClock(row: Row): Omit<ChainClock, 'zeroAddress'> {
  const caughtUpAt = nullable(row[14], int)
  const [published, head] = [readOptionalHeader(row), readOptionalHeader(row.slice(8, 12))]
  // Blocks are committed before the heartbeat that reports them.
  const isAtHead = published !== undefined && head !== undefined && published.number >= head.number
  const doubts = readDoubts(row.slice(19))
  return {
    coverage: nullable(row[7], (value) => parseCoverage(text(value))),
    published,
    finalized: readOptionalRef(row[4], row[5]),
    head,
    state: CHAIN_STATES.find((state) => state === row[12]) ?? 'starting',
    error: nullable(row[13], text),
    auditError: nullable(row[18], text),
    caughtUpAt,
    caughtUpHash: nullable(row[25], (value) => decodeHash(bytes(value))),
    wasReady: caughtUpAt !== undefined || isAtHead,
    beatAt: nullable(row[16], int),
    transfers: int(row[6]),
    revision: int(row[17]),
    counts: nullable(row[15], (value) => parseCounts(text(value))) ?? {},
    inDoubt: doubts.chain || doubts.unlooked,
    doubts,
  }
}
