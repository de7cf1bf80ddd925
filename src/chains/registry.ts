import { type ChainId, namespaceOf } from '../core/chain.ts'
import type { IdentifiedNode, IdentifyOptions, KindDefinition } from './adapter.ts'
import { EVM } from './evm/definition.ts'
import { LEDGER } from './ledger/definition.ts'

/** All kinds of chains that we can follow. */
const KIND_DEFINITIONS: readonly KindDefinition[] = [EVM, LEDGER]

/**
 * Asks a node which chain it is on, in the words of each kind of node in turn.
 * @throws what the first kind's question failed with, where no kind is answered
 */
export async function identifyNode(options: IdentifyOptions): Promise<IdentifiedNode> {
  let failure: unknown
  for (const definition of KIND_DEFINITIONS) {
    if (definition.source !== 'nodes') continue
    try {
      return await definition.identify(options)
    } catch (error) {
      failure ??= error
    }
  }
  throw failure
}

/** The kind of a chain by its namespace, the only place that decides it; undefined where none reads such chains. */
export function kindOf(chain: ChainId): KindDefinition | undefined {
  return KIND_DEFINITIONS.find((definition) => definition.namespace === namespaceOf(chain))
}
