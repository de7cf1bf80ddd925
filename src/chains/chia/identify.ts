import { parseChainId } from '../../core/chain.ts'
import type { IdentifiedNode, IdentifyOptions } from '../adapter.ts'
import { askOnce } from '../nodes/ask-once.ts'
import { readChain } from './heads/confirm-node.ts'
import { parseHead, STATE_CALL } from './heads/headers.ts'
import { makeChiaNode } from './make-node.ts'
import { classifyChiaFault, garbage } from './words/faults.ts'

/** Asks a node once for its chain and its head. @throws NODE_* it does not answer as Chia nodes do, ABORTED */
export function identifyChiaNode(options: IdentifyOptions): Promise<IdentifiedNode> {
  return askOnce({ ...options, makeNode: makeChiaNode }, classifyChiaFault, async (session) => {
    const chain = parseChainId(await readChain(session))
    if (chain === undefined) throw garbage('no name of its network')
    return { chain, head: parseHead(await session.call(STATE_CALL)).number }
  })
}
