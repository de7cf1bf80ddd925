import type { HttpLimits } from '../../net/http.ts'
import type { Pauses } from '../../net/wait.ts'

/** Limits of the client. */
export type RpcLimits = HttpLimits & {
  readonly pauses: Pauses
  /** Attempts of one piece of work, over all nodes. */
  readonly maxAttempts: number
  /** Longest wait for a paused node before the work fails with that node's error. */
  readonly maxWaitMs: number
  /** Longest wait for one node when all are asked at once. */
  readonly maxAskAllMs: number
}

/** The default limits, each with its reason. */
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
  /** All nodes are asked only for a block or two, and a hanging node delays the answers of the others. */
  maxAskAllMs: 5_000,
}
