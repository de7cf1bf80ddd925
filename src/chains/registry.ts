import { type Accounting, type AssetRef, fixedClasses } from '../core/asset.ts'
import { type ChainId, namespaceOf } from '../core/chain.ts'
import { isServiceError } from '../core/errors.ts'
import { LISTED_STANDARD, type Standard } from '../core/standards.ts'
import type { FollowedKind, IdentifiedNode, IdentifyOptions, KindDefinition } from './adapter.ts'
import { CHIA } from './chia/definition.ts'
import { EVM } from './evm/definition.ts'
import { LEDGER } from './ledger/definition.ts'
import { STARKNET } from './starknet/definition.ts'

/** All supported kinds of chains. */
const KIND_DEFINITIONS: readonly KindDefinition[] = [EVM, STARKNET, CHIA, LEDGER]

/**
 * Asks a node which chain it is on, with the calls of each kind in turn.
 * @throws the error of the first kind whose calls the node has, if no kind gets an answer; else of the first kind
 */
export async function identifyNode(options: IdentifyOptions): Promise<IdentifiedNode> {
  const failures: unknown[] = []
  for (const definition of KIND_DEFINITIONS) {
    if (definition.source !== 'nodes') continue
    try {
      return await definition.identify(options)
    } catch (error) {
      failures.push(error)
    }
  }
  throw failures.find((error) => !isServiceError(error, 'NODE_NO_METHOD')) ?? failures[0]
}

/** Returns the kind of a chain by its namespace; undefined if no kind supports it. Nothing else decides this. */
export function kindOf(chain: ChainId): KindDefinition | undefined {
  return KIND_DEFINITIONS.find((definition) => definition.namespace === namespaceOf(chain))
}

/** What must be known of a namespace to read a chain id of it, and the settings of its chain. */
type NamespaceRules = {
  readonly nodes: boolean
  readonly tls: boolean
  readonly isByAccount: boolean
  readonly finality: FollowedKind['finality']
  readonly isReference?: KindDefinition['isReference']
}

/** Blocks of a chain that is written here are final at once; the tag has no other meaning. */
const OWN_FINALITY: FollowedKind['finality'] = { tags: ['finalized'], usual: 'finalized' }

/** The namespaces of chain ids. */
export const NAMESPACES: ReadonlyMap<string, NamespaceRules> = new Map(
  KIND_DEFINITIONS.map((definition) => [definition.namespace, rulesOf(definition)] as const),
)

function rulesOf(definition: KindDefinition): NamespaceRules {
  const { isReference } = definition
  if (definition.source === 'own') {
    return { nodes: false, tls: false, isByAccount: false, finality: OWN_FINALITY, isReference }
  }
  const { tls = false, isByAccount = false, finality } = definition
  return { nodes: true, tls, isByAccount, finality, isReference }
}

/** Returns the chain that token lists name by a number (`chainId`). */
export function listedChain(number: number): ChainId | undefined {
  for (const definition of KIND_DEFINITIONS) {
    const chain = definition.source === 'nodes' ? definition.listedChain?.(number) : undefined
    if (chain !== undefined) return chain
  }
  return undefined
}

/** Returns the canonical reference of a token of text in any usual form; undefined if it is none, or no kind reads the chain. */
export function parseToken(chain: ChainId, text: string): string | undefined {
  return kindOf(chain)?.parseToken(text)
}

/** Returns the standard of a chain's tokens in token lists. */
export function listedStandard(chain: ChainId): Standard {
  const kind = kindOf(chain)
  return (kind?.source === 'nodes' ? kind.listedStandard : undefined) ?? LISTED_STANDARD
}

/** The accounting classes that are fixed for a chain, by `assetKey`: by its kind, and by configuration, which wins. */
export function fixedClassesOf(
  chain: ChainId,
  configured: readonly (readonly [{ readonly chain: ChainId; readonly asset: AssetRef }, Accounting])[],
): ReadonlyMap<string, Accounting> {
  const kind = kindOf(chain)
  return fixedClasses(configured, chain, kind?.source === 'nodes' ? kind.readsTokens?.(chain) : [])
}
