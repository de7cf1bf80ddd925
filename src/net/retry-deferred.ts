import { ServiceError } from '../core/errors.ts'
import type { RpcCall, RpcOutcome } from './json-rpc.ts'

type RetryDeferred = {
  readonly calls: readonly RpcCall[]
  readonly send: (calls: readonly RpcCall[]) => Promise<RpcOutcome[]>
  /** Called if the node deferred all calls: a smaller batch may succeed. */
  readonly onAllDeferred: (asked: number) => void
  readonly pause: (n: number, atLeastMs: number) => Promise<void>
}

/**
 * Sends deferred calls again (rate limit, or no more room in the answer), as long as each round completes some: a
 * provider that allows 50 calls a second answers 50 of a batch of 100.
 * @throws NODE_RATE_LIMITED the node deferred a whole round
 */
export async function retryDeferred(
  outcomes: RpcOutcome[],
  { calls, send, onAllDeferred: allPutOff, pause }: RetryDeferred,
): Promise<readonly RpcOutcome[]> {
  let asked = calls.length
  for (let round = 1; ; round++) {
    const deferred = [...calls.keys()].filter((index) => isDeferred(outcomes[index], asked))
    if (deferred.length === 0) return outcomes
    const first = outcomes[deferred[0] ?? 0]
    if (deferred.length === asked && first?.ok === false) {
      allPutOff(asked)
      throw first.error
    }
    await pause(round, first?.ok === false ? Number(first.error.fields.retryAfterMs ?? 0) : 0)
    asked = deferred.length
    const again = await send(deferred.flatMap((index) => calls[index] ?? []))
    for (const [at, index] of deferred.entries()) {
      const outcome = again[at]
      if (outcome !== undefined) outcomes[index] = outcome
    }
  }
}

// A single call that is too large or times out is final. In a batch, other calls may have used the room or the time.
function isDeferred(outcome: RpcOutcome | undefined, asked: number): boolean {
  if (outcome === undefined || outcome.ok) return false
  const { code, fields } = outcome.error
  if (isRateLimited(outcome) || TRANSIENT.has(code)) return true
  return asked > 1 && 'rpcCode' in fields && (code === 'NODE_TOO_LARGE' || code === 'NODE_TIMEOUT')
}

/** Transient errors of one of several single calls: they are not about the call. */
const TRANSIENT: ReadonlySet<string> = new Set(['NODE_GARBAGE', 'NODE_HTTP', 'NODE_RATE_LIMITED'])

/**
 * Turns the transient error of a single call among others into an outcome, so that only this call is sent again.
 * @throws any other error
 */
export function deferredOutcome(error: unknown): RpcOutcome {
  if (error instanceof ServiceError && TRANSIENT.has(error.code)) return { ok: false, error }
  throw error
}

/** True for a call that the node rejected by its rate limit. */
export function isRateLimited(outcome: RpcOutcome): boolean {
  return !outcome.ok && outcome.error.code === 'NODE_RATE_LIMITED'
}
