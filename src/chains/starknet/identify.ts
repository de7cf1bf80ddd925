import { parseChainId } from '../../core/chain.ts'
import type { IdentifiedNode, IdentifyOptions } from '../adapter.ts'
import { askOnce } from '../nodes/ask-once.ts'
import { readChain, readVersion } from './heads/confirm-node.ts'
import { classifyStarknetFault } from './words/faults.ts'
import { garbage, parseNumber } from './words/felt.ts'

/** Asks a node once for its chain and its head. @throws NODE_* it does not answer as Starknet nodes do, ABORTED */
export function identifyStarknetNode(options: IdentifyOptions): Promise<IdentifiedNode> {
  return askOnce(options, classifyStarknetFault, async (session) => {
    await readVersion(session)
    const chain = parseChainId(await readChain(session))
    const head = parseNumber(await session.call({ method: 'starknet_blockNumber', params: [] }))
    if (chain === undefined) throw garbage('no chain id')
    if (head === undefined) throw garbage('no block number')
    return { chain, head }
  })
}
