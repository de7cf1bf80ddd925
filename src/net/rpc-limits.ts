import type { HttpLimits } from './http.ts'
import type { Pauses } from './wait.ts'

/** Limits of the client; each has a default with its reason. */
export type RpcLimits = HttpLimits & {
  readonly pauses: Pauses
  /** Attempts of one piece of work, over all nodes. */
  readonly maxAttempts: number
  /** Longest wait for a paused node before the work fails with that node's error. */
  readonly maxWaitMs: number
  /** Longest wait for one of several nodes that are all asked at once. */
  readonly maxAskAllMs: number
}

/** Limits of asking nodes, unless given: each with its reason. */
export const RPC_LIMITS: RpcLimits = {
  /** Above the 10 s at which hosted nodes give up on eth_getLogs themselves. */
  timeoutMs: 30_000,
  /** About 50,000 logs: above what a range should return, and several, parsed, fit in memory at once. */
  maxBytes: 32 * 1024 * 1024,
  /** First pause short enough for a dropped connection; the longest delays the return of a node that is back. */
  pauses: { baseMs: 250, maxMs: 10_000 },
  /** With the pauses above under 4 s: longer outages are the caller's to wait for. */
  maxAttempts: 5,
  /** An API caller waits for this answer. */
  maxWaitMs: 5_000,
  /** What all are asked is a block or two; the others' answers wait for a node that hangs. */
  maxAskAllMs: 5_000,
}
