import { referenceOf } from '../../../core/chain.ts'
import type { ServedChain } from '../../http/deps.ts'
import type { DialectExamples } from '../../http/dialect.ts'
import { chainbaseChains } from './chains.ts'

/**
 * Returns example values that work on this server: the first chain, and an account and a token of it. Account and token
 * are included only if they are public: the literal key `demo` may read, or the whole chain is indexed. Otherwise they
 * would show callers without a key which accounts or tokens are followed.
 */
export async function chainbaseExamples(
  chains: readonly ServedChain[],
  openKey: string | undefined,
): Promise<DialectExamples> {
  const isOpen = openKey !== undefined
  const key = isOpen ? { key: openKey } : {}
  const [first] = chainbaseChains(chains)
  const chain = chains.find(({ id }) => id === first)
  if (chain === undefined) return { ...key, values: {} }
  const values = { chain_id: referenceOf(chain.id) }
  const position = isOpen || (await isWhole(chain)) ? await chain.position?.() : undefined
  if (position === undefined || position.asset.standard !== 'erc20') return { ...key, values }
  return { ...key, values: { ...values, address: position.account, contract_address: position.asset.reference } }
}

async function isWhole(chain: ServedChain): Promise<boolean> {
  return (await chain.clock()).coverage?.scope.type === 'all'
}
