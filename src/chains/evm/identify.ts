import { parseChainId } from '../../core/chain.ts'
import type { IdentifiedNode, IdentifyOptions } from '../adapter.ts'
import { askOnce } from '../nodes/ask-once.ts'
import { readChain } from './heads/chain-id.ts'
import { classifyEvmFault } from './words/faults.ts'
import { garbage, parseNumber } from './words/hex.ts'

/** Asks a node once for its chain and its head. @throws NODE_* it does not answer as EVM nodes do, ABORTED */
export function identifyEvmNode(options: IdentifyOptions): Promise<IdentifiedNode> {
  return askOnce(options, classifyEvmFault, async (session) => {
    const chain = parseChainId(await readChain(session))
    const head = parseNumber(await session.call({ method: 'eth_blockNumber', params: [] }))
    // CAIP-2 allows 32 characters for a reference. Ids of 256 bits may have up to 78 digits, but no chain has one.
    if (chain === undefined) throw garbage('no chain id')
    if (head === undefined) throw garbage('no block number')
    return { chain, head }
  })
}
