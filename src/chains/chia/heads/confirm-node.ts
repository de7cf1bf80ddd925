import { type ChainId, parseChainId } from '../../../core/chain.ts'
import { confirmChain } from '../../nodes/confirm-chain.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { garbage } from '../words/faults.ts'
import { parseHex32 } from '../words/hex.ts'
import { fieldIn } from '../words/records.ts'
import { readBlock } from './headers.ts'

/** The namespace of Chia's chains in CAIP-2 texts. */
export const CHIA_NAMESPACE = 'chia'

/** A chain may be named by this many digits of its genesis challenge: as many as a CAIP-2 reference can hold. */
const GENESIS_DIGITS = 32

/**
 * Checks that the node is on the configured chain, which is named as the node names its network, or by the first digits of
 * its genesis challenge.
 * @throws CHAIN_MISMATCH it named another chain twice; NODE_*
 */
export async function confirmNode(session: RpcSession, chain: ChainId): Promise<void> {
  const isGenesis = /^chia:[0-9a-f]{32}$/.test(chain)
  await confirmChain(session, { chain, readChain: isGenesis ? readGenesis : readChain })
}

/** Reads a node's chain as CAIP-2 text, by the name of its network. @throws NODE_GARBAGE, NODE_* */
export async function readChain(session: RpcSession): Promise<string> {
  const name = fieldIn(await session.call({ method: 'get_network_info', params: {} }), 'network_name')
  const chain = typeof name === 'string' ? parseChainId(`${CHIA_NAMESPACE}:${name}`) : undefined
  if (chain === undefined) throw garbage('no name of its network')
  return chain
}

/** Older nodes do not name the genesis challenge; it is the parent of the first block. */
async function readGenesis(session: RpcSession): Promise<string> {
  const answer = await session.call({ method: 'get_network_info', params: {} })
  const challenge =
    parseHex32(fieldIn(answer, 'genesis_challenge')) ?? (await readBlock(session, 0)).parentHash.slice(2)
  return `${CHIA_NAMESPACE}:${challenge.slice(0, GENESIS_DIGITS)}`
}
