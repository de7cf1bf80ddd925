import type { BlockRef } from '../../core/block.ts'
import { isServiceError } from '../../core/errors.ts'
import type { ChainProver, Proof, Question } from '../adapter.ts'
import type { Rpc } from './rpc.ts'
import type { RpcSession } from './session.ts'
import { lacksState } from './state-runs.ts'

/** Questions in one request. Each is a call of its own, and the batch stays well below a node's limits. */
const QUESTIONS_PER_REQUEST = 100
/** Concurrent requests: hides the round trip, and leaves capacity on a node that also serves others. */
const REQUESTS_IN_FLIGHT = 4

/** How a kind of chain asks one node. */
export type ProofCalls = {
  /**
   * Returns the answers to a group of questions, in order.
   * @throws NODE_BEHIND, NODE_NO_STATE the node can answer none of them; NODE_TIMEOUT, NODE_TOO_LARGE a smaller group may
   *   be answered; NODE_*
   */
  readonly prove: (session: RpcSession, group: readonly Question[]) => Promise<readonly Proof[]>
  /** Returns the canonical block with a number. @throws NODE_BEHIND the node has none yet; NODE_* */
  readonly blockAt: (session: RpcSession, number: number) => Promise<BlockRef>
}

/** Creates a prover that asks nodes in groups of questions, and smaller ones where a question is too costly. */
export function createGroupProver(rpc: Rpc, calls: ProofCalls): ChainProver {
  return {
    blockAt: async (number, signal) => {
      try {
        return await rpc.run((session) => calls.blockAt(session, number), { signal })
      } catch (error) {
        if (isServiceError(error, 'NODE_BEHIND')) return undefined
        throw error
      }
    },
    prove: async (questions, signal) => {
      const groups: (readonly Question[])[] = []
      for (let at = 0; at < questions.length; at += QUESTIONS_PER_REQUEST) {
        groups.push(questions.slice(at, at + QUESTIONS_PER_REQUEST))
      }
      const answers: (readonly Proof[])[] = []
      const work = [...groups.entries()].values()
      const worker = async (): Promise<void> => {
        for (const [index, group] of work) answers[index] = await proveGroup(group, { rpc, calls, signal })
      }
      await Promise.all(Array.from({ length: REQUESTS_IN_FLIGHT }, worker))
      return answers.flat()
    },
  }
}

type ProofContext = { readonly rpc: Rpc; readonly calls: ProofCalls; readonly signal: AbortSignal }

/**
 * Splits a group in halves after a timeout or an answer that is too large, until the costly question is alone and
 * spoils no other.
 */
async function proveGroup(group: readonly Question[], context: ProofContext): Promise<readonly Proof[]> {
  const { rpc, calls, signal } = context
  try {
    return await rpc.run((session) => calls.prove(session, group), { signal, asksOthers: lacksState })
  } catch (error) {
    if (!isServiceError(error)) throw error
    if (lacksState(error)) return group.map(() => ({ ok: false, reason: 'no_archive' }))
    if (error.code === 'NODE_BEHIND') return group.map(() => ({ ok: false, reason: 'block_replaced' }))
    if (error.code !== 'NODE_TIMEOUT' && error.code !== 'NODE_TOO_LARGE') throw error
    if (group.length === 1) return [{ ok: false, reason: 'token_does_not_answer' }]
    const half = Math.ceil(group.length / 2)
    const first = await proveGroup(group.slice(0, half), context)
    return [...first, ...(await proveGroup(group.slice(half), context))]
  }
}
