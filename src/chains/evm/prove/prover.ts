import type { BlockRef } from '../../../core/block.ts'
import { ServiceError } from '../../../core/errors.ts'
import { isRecord } from '../../../core/is-record.ts'
import { type ChainProver, noCounts, type ProverOptions } from '../../adapter.ts'
import { confirmChain } from '../../nodes/confirm-chain.ts'
import { createGroupProver } from '../../nodes/group-prover.ts'
import { createRpc } from '../../nodes/rpc.ts'
import { RPC_LIMITS, type RpcLimits } from '../../nodes/rpc-limits.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { readChain } from '../heads/chain-id.ts'
import { classifyEvmFault } from '../words/faults.ts'
import { parseHash, quantity } from '../words/hex.ts'
import { PlainCalls } from './plain-calls.ts'

/**
 * Creates a prover that makes one plain call per question: `balanceOf`, `ownerOf`, `totalSupply` or `eth_getBalance`,
 * encoded and decoded by viem, in JSON-RPC batches. It shares only HTTP, retries and fail-over with the adapter: no
 * Multicall3 and none of its decoding.
 */
export function createEvmProver(options: ProverOptions, limits: Partial<RpcLimits> = {}): ChainProver {
  const { chain, rpc: urls, warn, timeoutMs = RPC_LIMITS.timeoutMs } = options
  const checkNode = (session: RpcSession): Promise<void> => confirmChain(session, { chain, readChain })
  const counts = noCounts()
  const rpc = createRpc({ urls, classify: classifyEvmFault, checkNode, warn, counts, limits: { timeoutMs, ...limits } })
  const plainCalls = new PlainCalls()
  return createGroupProver(rpc, {
    prove: (session, group) => plainCalls.ask(session, group),
    blockAt: readBlock,
  })
}

/** @throws NODE_BEHIND the node does not have the block yet; another node may */
async function readBlock(session: RpcSession, number: number): Promise<BlockRef> {
  const answer = await session.call({ method: 'eth_getBlockByNumber', params: [quantity(number), false] })
  if (answer === null) throw new ServiceError('NODE_BEHIND', 'The node lacks a block', { fields: { block: number } })
  const hash = isRecord(answer) ? parseHash(answer.hash) : undefined
  if (hash === undefined) throw new ServiceError('NODE_GARBAGE', 'The node answered a block without a hash')
  return { number, hash }
}
