import { assert } from '../core/assert.ts'
import { ServiceError } from '../core/errors.ts'
import type { RpcCall, RpcOutcome } from './json-rpc.ts'
import type { Node } from './node.ts'
import type { RpcLimits } from './rpc-limits.ts'
import { pauseMs, wait } from './wait.ts'

/** Times that one request of work waits for its node's pace before the work fails. */
const MAX_WAITS_IN_WORK = 2

/** Times that one request of work is sent again after an answer that is none, or an error status: a balancer's hiccup. */
const MAX_RESENDS_IN_WORK = 1

/** One node for the length of one piece of work. */
export type RpcSession = {
  /** The node's scheme and host. */
  readonly label: string
  /** The call's result. @throws NODE_*, ABORTED */
  readonly call: (call: RpcCall) => Promise<unknown>
  /** What became of each call, in order, all of the same node. @throws NODE_* for the whole, ABORTED */
  readonly batch: (calls: readonly RpcCall[]) => Promise<readonly RpcOutcome[]>
}

/** A session with one node. `limits`: of the waits for its pace. */
export function sessionOf(node: Node, limits: RpcLimits, signal: AbortSignal): RpcSession {
  let answered = 0
  /** Work of several requests that has come some way asks one again that failed, rather than begin anew. */
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
 * A session that asks once more, alone, for the calls of a batch that failed for an unknown reason, as long as that settles
 * some: behind one URL may stand several machines, of which one fails.
 */
export function retryingSession(session: RpcSession, isUnknown: (error: ServiceError) => boolean): RpcSession {
  const batch = async (calls: readonly RpcCall[]): Promise<readonly RpcOutcome[]> => {
    const outcomes = [...(await session.batch(calls))]
    for (let before = Number.POSITIVE_INFINITY; ; ) {
      const failed = [...outcomes.entries()].filter(([, outcome]) => !outcome.ok && isUnknown(outcome.error))
      if (failed.length === 0 || failed.length >= before) return outcomes
      before = failed.length
      const again = await session.batch(failed.flatMap(([place]) => calls[place] ?? []))
      for (const [index, [place]] of failed.entries()) {
        const outcome = again[index]
        if (outcome !== undefined) outcomes[place] = outcome
      }
    }
  }
  return { label: session.label, batch, call: (call) => callOne(batch, call) }
}

/** How often a request is sent again in the midst of work. What takes long, or does not pass, is not. */
function maxResends({ code, fields }: ServiceError): number {
  if (code === 'NODE_RATE_LIMITED') return fields.unsure === true ? 0 : MAX_WAITS_IN_WORK
  return code === 'NODE_GARBAGE' || code === 'NODE_HTTP' ? MAX_RESENDS_IN_WORK : 0
}

/** One call by way of a batch of one. @throws what became of it, where that is an error */
async function callOne(batch: RpcSession['batch'], call: RpcCall): Promise<unknown> {
  const [outcome] = await batch([call])
  assert(outcome !== undefined, 'a batch of one has one outcome')
  if (!outcome.ok) throw outcome.error
  return outcome.result
}
