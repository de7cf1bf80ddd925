import { readFileSync } from 'node:fs'
import { ServiceError } from '../core/errors.ts'
import type { AcceptedClock } from '../store/seam/ledger-store.ts'

/** Two clocks in seconds: `wall` is the system's clock as Unix time. `steady` cannot be set and includes sleep. */
export type ClockReading = { readonly wall: number; readonly steady: number }

/**
 * Largest allowed difference between the system's clock and the steady clock, in seconds. It is more than any normal
 * clock correction.
 */
const MAX_JUMP_SECONDS = 86_400

const UPTIME = '/proc/uptime'

/** Reads both clocks. The steady one is the system's uptime if `/proc` exists, else Node's monotonic clock. */
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
 * Decides whether the system's clock may be used for the timestamp of a block. The ledger keeps timestamps forever. So
 * after a jump of more than a day no block is made until the clock is back, the operator confirms it, or the process
 * restarts.
 */
export class ClockGuard {
  readonly #read: () => ClockReading
  readonly #accepted: () => AcceptedClock | undefined
  #anchor: ClockReading

  /** `accepted` returns the operator's last confirmation. It is called only when needed. */
  constructor(deps: { readonly read: () => ClockReading; readonly accepted: () => AcceptedClock | undefined }) {
    this.#read = deps.read
    this.#accepted = deps.accepted
    this.#anchor = deps.read()
  }

  /** Unix seconds. */
  now(): number {
    return this.#read().wall
  }

  /**
   * Throws if no block may get the current time. `last`: the time of the ledger's last block, in Unix seconds.
   * @throws CLOCK_JUMPED
   */
  mayStamp(last: number): void {
    const now = this.#read()
    const isAhead = (time: number): boolean => last - time > MAX_JUMP_SECONDS
    // If the clock was behind the ledger at the process start, it was wrong then, so it is not the base for a jump.
    if (isAhead(this.#anchor.wall) && !isAhead(now.wall)) this.#anchor = now
    if (jumpOf(this.#anchor, now) > MAX_JUMP_SECONDS) {
      const accepted = this.#accepted()
      if (accepted === undefined || jumpOf(accepted, now) > MAX_JUMP_SECONDS) throw jumped(this.#anchor, now)
      this.#anchor = accepted
    }
    if (isAhead(now.wall) && (this.#accepted()?.through ?? 0) < last) throw ahead(last, now)
  }
}

/** Returns the absolute difference between the change of the system's clock and the elapsed time, in seconds. */
function jumpOf(from: ClockReading, to: ClockReading): number {
  return Math.abs(to.wall - from.wall - (to.steady - from.steady))
}

const REMEDY = 'set the clock right; or, if it is right, run "steelyard ledger accept-clock"'

function jumped(from: ClockReading, now: ClockReading): ServiceError {
  const expected = from.wall + (now.steady - from.steady)
  const says = `the system's clock is at ${date(now.wall)}, but ${date(expected)} is expected`
  return new ServiceError('CLOCK_JUMPED', `${says}, so no operation is accepted: ${REMEDY}`)
}

function ahead(last: number, now: ClockReading): ServiceError {
  const says = `the ledger's last block is of ${date(last)}, but the system's clock is at ${date(now.wall)}`
  return new ServiceError('CLOCK_JUMPED', `${says}, so no operation is accepted: ${REMEDY}`)
}

function date(seconds: number): string {
  return new Date(Math.floor(seconds) * 1_000).toISOString()
}
