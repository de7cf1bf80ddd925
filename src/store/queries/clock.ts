import type { AccountCodec } from '../../core/account.ts'
import type { Coverage } from '../../core/coverage.ts'
import { decodeHash } from '../../journal/hash-codec.ts'
import { parseCounts, parseCoverage } from '../rows/clock-json.ts'
import { bytes, int, nullable, type Row, text } from '../rows/columns.ts'
import { DOUBT_COLUMNS, readDoubts } from '../rows/doubt-rows.ts'
import { readOptionalHeader, readOptionalRef } from '../rows/header-rows.ts'
import type { ChainClock } from '../seam/chain-clock.ts'
import { CHAIN_STATES } from '../seam/heartbeat.ts'
import { unwrittenClock } from '../seam/unwritten-clock.ts'
import { type Query, rowOf, rowsOf } from './query.ts'

/**
 * The parts of a chain's clock that are not stored. `own`: the chain is written only here, so its published block is
 * the head, is final, and is current. `codec`: how its accounts are stored.
 */
export type ClockNature = { readonly own: boolean; readonly codec: AccountCodec }

const CLOCK = rowOf(
  `SELECT number, hash, parent, timestamp, finalized_number, finalized_hash, transfers, coverage,
   head_number, head_hash, head_parent, head_timestamp, state, error, caught_up_at, counts, beat_at, classes, audit_error,
   ${DOUBT_COLUMNS.replace('chain', 'in_doubt.chain')}, caught_up_hash, followings
   FROM clock LEFT JOIN chain USING (one) LEFT JOIN heartbeat USING (one) LEFT JOIN in_doubt USING (one)`,
)
const FOLLOWED = rowsOf('SELECT account FROM followed WHERE through IS NULL AND leaving = 0 ORDER BY account')

/** Reads the clock of a chain. */
export class ClockRows {
  readonly #nature: ClockNature
  /** The coverage of the last clock, and the row's values that it was read from. */
  #coverage: { readonly stored: unknown; readonly followings: unknown; readonly coverage: Coverage } | undefined

  constructor(nature: ClockNature) {
    this.#nature = nature
  }

  /** Forgets what was read: the connection moved to another file. */
  forget(): void {
    this.#coverage = undefined
  }

  /** The clock of a chain that no writer has claimed. */
  get unwritten(): ChainClock {
    return unwrittenClock(this.#nature.codec.zeroAddress)
  }

  /** The clock as stored: not yet `asOwn`. */
  *read(): Query<ChainClock> {
    const [row] = yield [CLOCK]
    if (row === undefined) return this.unwritten
    const coverage = yield* this.#coverageOf(row)
    return { coverage, zeroAddress: this.#nature.codec.zeroAddress, ...parseClock(row) }
  }

  /** The coverage: the same object until it changes, so that readers compile it once. */
  *#coverageOf(row: Row): Query<Coverage | undefined> {
    const [stored, followings] = [row[7], row[26]]
    if (stored === null) return undefined
    const known = this.#coverage
    if (known !== undefined && known.stored === stored && known.followings === followings) return known.coverage
    const coverage = yield* this.#withFollowed(parseCoverage(text(stored)))
    this.#coverage = { stored, followings, coverage }
    return coverage
  }

  *#withFollowed(coverage: Coverage): Query<Coverage> {
    const { scope } = coverage
    if (scope.type !== 'accounts') return coverage
    const { decode } = this.#nature.codec
    const followed = (yield [FOLLOWED]).map(([account]) => decode(bytes(account)))
    // An earlier version stored the accounts with the coverage.
    return { ...coverage, scope: { type: 'accounts', accounts: [...new Set([...scope.accounts, ...followed])] } }
  }
}

/** The clock of a chain that is written only here: its published block is the head, is final, and is current. */
export function asOwn(clock: ChainClock): ChainClock {
  const { published } = clock
  if (published === undefined) return clock
  const caughtUpAt = Math.floor(Date.now() / 1000)
  const caughtUpHash = published.hash
  return { ...clock, head: published, finalized: published, state: 'live', caughtUpAt, caughtUpHash, wasReady: true }
}

/** The clock of a row of CLOCK, without its coverage. */
function parseClock(row: Row): Omit<ChainClock, 'zeroAddress' | 'coverage'> {
  const caughtUpAt = nullable(row[14], int)
  const [published, head] = [readOptionalHeader(row), readOptionalHeader(row.slice(8, 12))]
  // Blocks are committed before the heartbeat that reports them.
  const isAtHead = published !== undefined && head !== undefined && published.number >= head.number
  const doubts = readDoubts(row.slice(19))
  return {
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
