import { type ChainId, namespaceOf } from '../core/chain.ts'
import type { IdentifiedNode, IdentifyOptions, KindDefinition } from './adapter.ts'
import { EVM } from './evm/definition.ts'
import { LEDGER } from './ledger/definition.ts'

/** All supported kinds of chains. */
const KIND_DEFINITIONS: readonly KindDefinition[] = [EVM, LEDGER]

/**
 * Asks a node which chain it is on, with the calls of each kind in turn.
 * @throws the error of the first kind, if no kind gets an answer
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

/** Returns the kind of a chain by its namespace; undefined if no kind supports it. Nothing else decides this. */
export function kindOf(chain: ChainId): KindDefinition | undefined {
  return KIND_DEFINITIONS.find((definition) => definition.namespace === namespaceOf(chain))
}
