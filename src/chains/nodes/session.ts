import { assert } from '../../core/assert.ts'
import { ServiceError } from '../../core/errors.ts'
import type { RpcCall, RpcOutcome } from '../../net/json-rpc.ts'
import type { Node } from '../../net/node.ts'
import { pauseMs, wait } from '../../net/wait.ts'
import type { RpcLimits } from './rpc-limits.ts'

/** How often one request waits for a rate limit before the work fails. */
const MAX_WAITS_IN_WORK = 2

/** How often one request is sent again after garbage or an error status, which a load balancer may cause. */
const MAX_RESENDS_IN_WORK = 1

/** A connection to one node for one piece of work. */
export type RpcSession = {
  /** The node's scheme and host. */
  readonly label: string
  /** The call's result. @throws NODE_*, ABORTED */
  readonly call: (call: RpcCall) => Promise<unknown>
  /**
   * Returns the outcome of each call, in order, all from the same node.
   * @throws NODE_* for the whole batch, ABORTED
   */
  readonly batch: (calls: readonly RpcCall[]) => Promise<readonly RpcOutcome[]>
}

/** Creates a session with one node. `limits` bound the waits for rate limits. */
export function sessionOf(node: Node, limits: RpcLimits, signal: AbortSignal): RpcSession {
  let answered = 0
  /** Once a request of the work has succeeded, a failed one is sent again, so the work does not start over. */
  const batch = async (calls: readonly RpcCall[]): Promise<readonly RpcOutcome[]> => {
    for (let n = 1; ; n++) {
      try {
        const outcomes = await node.batch(calls, signal)
        answered++
        return outcomes
      } catch (error) {
        if (!(error instanceof ServiceError) || answered === 0 || n > maxResends(error)) throw error
        const asked = Number(error.fields.retryAfterMs ?? 0)
        if (asked > limits.maxWaitMs) throw error
        await wait(Math.max(asked, pauseMs(n, limits.pauses, Math.random())), signal)
      }
    }
  }
  return { label: node.label, batch, call: (call) => callOne(batch, call) }
}

/**
 * Wraps a session so that unclassified failures in a batch are requested again, as long as each round reduces them.
 * Several machines may serve one URL, and one of them may fail.
 */
export function retryingSession(session: RpcSession, isUnknown: (error: ServiceError) => boolean): RpcSession {
  const batch = async (calls: readonly RpcCall[]): Promise<readonly RpcOutcome[]> => {
    const outcomes = [...(await session.batch(calls))]
    for (let before = Number.POSITIVE_INFINITY; ; ) {
      const failed = [...outcomes.entries()].filter(([, outcome]) => !outcome.ok && isUnknown(outcome.error))
      if (failed.length === 0 || failed.length >= before) return outcomes
      before = failed.length
      const again = await session.batch(failed.flatMap(([at]) => calls[at] ?? []))
      for (const [index, [at]] of failed.entries()) {
        const outcome = again[index]
        if (outcome !== undefined) outcomes[at] = outcome
      }
    }
  }
  return { label: session.label, batch, call: (call) => callOne(batch, call) }
}

/** Returns how often a request is sent again within the work. Zero for errors that take long or do not pass. */
function maxResends({ code, fields }: ServiceError): number {
  if (code === 'NODE_RATE_LIMITED') return fields.unsure === true ? 0 : MAX_WAITS_IN_WORK
  return code === 'NODE_GARBAGE' || code === 'NODE_HTTP' ? MAX_RESENDS_IN_WORK : 0
}

/** Sends one call as a batch of one. @throws the call's error */
async function callOne(batch: RpcSession['batch'], call: RpcCall): Promise<unknown> {
  const [outcome] = await batch([call])
  assert(outcome !== undefined, 'a batch of one has one outcome')
  if (!outcome.ok) throw outcome.error
  return outcome.result
}
