import { type ChainId, namespaceOf } from '../core/chain.ts'
import type { KindDefinition } from './adapter.ts'
import { EVM } from './evm/definition.ts'
import { LEDGER } from './ledger/definition.ts'

/** All kinds of chains that we can follow. */
const KIND_DEFINITIONS: readonly KindDefinition[] = [EVM, LEDGER]

/** The kind of a chain by its namespace, the only place that decides it; undefined where none reads such chains. */
export function kindOf(chain: ChainId): KindDefinition | undefined {
  return KIND_DEFINITIONS.find((definition) => definition.namespace === namespaceOf(chain))
}
