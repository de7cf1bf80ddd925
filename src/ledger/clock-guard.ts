import { readFileSync } from 'node:fs'
import { ServiceError } from '../core/errors.ts'
import type { AcceptedClock } from '../store/seam/ledger-store.ts'

/** The system's clock in Unix seconds, and a clock in seconds that nobody sets and that counts sleep. */
export type ClockReading = { readonly wall: number; readonly steady: number }

/** How far the system's clock may part from the steady one, in seconds: more than any correction of a clock that is right. */
const MAX_JUMP_SECONDS = 86_400

const UPTIME = '/proc/uptime'

/** Both clocks now. The steady one is the system's uptime where there is `/proc`, else Node's monotonic clock. */
export function readClocks(): ClockReading {
  return { wall: Math.floor(Date.now() / 1_000), steady: uptime() ?? Number(process.hrtime.bigint() / 1_000_000_000n) }
}

function uptime(): number | undefined {
  try {
    const seconds = Number(readFileSync(UPTIME, 'utf8').split(' ')[0])
    return Number.isFinite(seconds) ? seconds : undefined
  } catch {
    return undefined
  }
}

/**
 * Decides whether the system's clock may stamp a block. A record keeps its times for ever, so after a jump of more than a
 * day nothing is stamped until the clock is back, the operator confirms it, or the process starts again.
 */
export class ClockGuard {
  readonly #read: () => ClockReading
  readonly #accepted: () => AcceptedClock | undefined
  #anchor: ClockReading

  /** `accepted`: what the operator confirmed last; asked only where it matters. */
  constructor(deps: { readonly read: () => ClockReading; readonly accepted: () => AcceptedClock | undefined }) {
    this.#read = deps.read
    this.#accepted = deps.accepted
    this.#anchor = deps.read()
  }

  /** Unix seconds. */
  now(): number {
    return this.#read().wall
  }

  /** `last`: the time of the record's last block, in Unix seconds. @throws CLOCK_JUMPED */
  mayStamp(last: number): void {
    const now = this.#read()
    const isAhead = (time: number): boolean => last - time > MAX_JUMP_SECONDS
    // A clock that was behind the record when this process started was wrong then, so no jump is measured from it.
    if (isAhead(this.#anchor.wall) && !isAhead(now.wall)) this.#anchor = now
    if (jumpOf(this.#anchor, now) > MAX_JUMP_SECONDS) {
      const accepted = this.#accepted()
      if (accepted === undefined || jumpOf(accepted, now) > MAX_JUMP_SECONDS) throw jumped(this.#anchor, now)
      this.#anchor = accepted
    }
    if (isAhead(now.wall) && (this.#accepted()?.through ?? 0) < last) throw ahead(last, now)
  }
}

/** By how many seconds the system's clock moved more, or less, than time went by. */
function jumpOf(from: ClockReading, to: ClockReading): number {
  return Math.abs(to.wall - from.wall - (to.steady - from.steady))
}

const REMEDY = 'set the clock right; or, if it is right, run "steelyard ledger accept-clock"'

function jumped(from: ClockReading, now: ClockReading): ServiceError {
  const expected = from.wall + (now.steady - from.steady)
  const says = `the system's clock says ${date(now.wall)}, where ${date(expected)} is expected`
  return new ServiceError('CLOCK_JUMPED', `${says}, so no operation is accepted: ${REMEDY}`)
}

function ahead(last: number, now: ClockReading): ServiceError {
  const says = `the ledger's last block is of ${date(last)}, but the system's clock says ${date(now.wall)}`
  return new ServiceError('CLOCK_JUMPED', `${says}, so no operation is accepted: ${REMEDY}`)
}

function date(seconds: number): string {
  return new Date(Math.floor(seconds) * 1_000).toISOString()
}
