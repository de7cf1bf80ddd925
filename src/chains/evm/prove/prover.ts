import type { BlockRef } from '../../../core/block.ts'
import { isServiceError, ServiceError } from '../../../core/errors.ts'
import { isRecord } from '../../../net/json-rpc.ts'
import { createRpc, type Rpc } from '../../../net/rpc.ts'
import { RPC_LIMITS, type RpcLimits } from '../../../net/rpc-limits.ts'
import type { RpcSession } from '../../../net/session.ts'
import { type ChainProver, noCounts, type Proof, type ProverOptions, type Question } from '../../adapter.ts'
import { confirmChain } from '../heads/confirm-chain.ts'
import { classifyEvmFault } from '../words/faults.ts'
import { parseHash, quantity } from '../words/hex.ts'
import { PlainCalls } from './plain-calls.ts'

/** Questions in one request. Each is a call of its own, and the batch stays well below a node's limits. */
const QUESTIONS_PER_REQUEST = 100
/** Concurrent requests: hides the round trip, and leaves capacity on a node that also serves others. */
const REQUESTS_IN_FLIGHT = 4

/**
 * Creates a prover that makes one plain call per question: `balanceOf`, `ownerOf`, `totalSupply` or `eth_getBalance`,
 * encoded and decoded by viem, in JSON-RPC batches. It shares only HTTP, retries and fail-over with the adapter: no
 * Multicall3 and none of its decoding.
 */
export function createEvmProver(options: ProverOptions, limits: Partial<RpcLimits> = {}): ChainProver {
  const { rpc: urls, warn, timeoutMs = RPC_LIMITS.timeoutMs } = options
  const checkNode = (session: RpcSession): Promise<void> => confirmChain(session, options)
  const counts = noCounts()
  const rpc = createRpc({ urls, classify: classifyEvmFault, checkNode, warn, counts, limits: { timeoutMs, ...limits } })
  const plainCalls = new PlainCalls()
  return {
    blockAt: async (number, signal) => {
      try {
        return await rpc.run((session) => readBlock(session, number), { signal })
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
        for (const [index, group] of work)
          answers[index] = await proveGroup(group, { rpc, inquiry: plainCalls, signal })
      }
      await Promise.all(Array.from({ length: REQUESTS_IN_FLIGHT }, worker))
      return answers.flat()
    },
  }
}

type ProofContext = { readonly rpc: Rpc; readonly inquiry: PlainCalls; readonly signal: AbortSignal }

/**
 * Splits a group in halves after a timeout or an answer that is too large, until the costly question is alone and
 * spoils no other.
 */
async function proveGroup(group: readonly Question[], context: ProofContext): Promise<readonly Proof[]> {
  const { rpc, inquiry: plainCalls, signal } = context
  try {
    return await rpc.run((session) => plainCalls.ask(session, group), { signal, asksOthers: lacksState })
  } catch (error) {
    if (!isServiceError(error)) throw error
    const reason = reasonForAll(error)
    if (reason !== undefined) return group.map(() => ({ ok: false, reason }))
    if (!isServiceError(error, 'NODE_TIMEOUT') && !isServiceError(error, 'NODE_TOO_LARGE')) throw error
    if (group.length === 1) return [{ ok: false, reason: 'token_does_not_answer' }]
    const half = Math.ceil(group.length / 2)
    const first = await proveGroup(group.slice(0, half), context)
    return [...first, ...(await proveGroup(group.slice(half), context))]
  }
}

function reasonForAll(error: ServiceError): 'no_archive' | 'block_replaced' | undefined {
  if (lacksState(error)) return 'no_archive'
  return error.code === 'NODE_BEHIND' ? 'block_replaced' : undefined
}

function lacksState(error: ServiceError): boolean {
  return error.code === 'NODE_NO_STATE'
}

/** @throws NODE_BEHIND the node does not have the block yet; another node may */
async function readBlock(session: RpcSession, number: number): Promise<BlockRef> {
  const answer = await session.call({ method: 'eth_getBlockByNumber', params: [quantity(number), false] })
  if (answer === null) throw new ServiceError('NODE_BEHIND', 'The node lacks a block', { fields: { block: number } })
  const hash = isRecord(answer) ? parseHash(answer.hash) : undefined
  if (hash === undefined) throw new ServiceError('NODE_GARBAGE', 'The node answered a block without a hash')
  return { number, hash }
}
