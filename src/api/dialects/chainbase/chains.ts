import { type ChainId, namespaceOf, referenceOf } from '../../../core/chain.ts'
import { ServiceError } from '../../../core/errors.ts'

/** Finds a chain by the decimal `chain_id` of a query. @throws CHAIN_UNSUPPORTED */
export type ChainFinder = (chainId: string) => ChainId

/** The chains that Chainbase's calls can be about. */
export function chainbaseChains(chains: readonly { readonly id: ChainId }[]): readonly ChainId[] {
  return chains.map(({ id }) => id).filter((id) => namespaceOf(id) === 'eip155')
}

/** Chainbase names EVM chains alone, by their EIP-155 number. */
export function chainFinder(chains: readonly { readonly id: ChainId }[]): ChainFinder {
  const byNumber = new Map(chainbaseChains(chains).map((id) => [referenceOf(id), id]))
  return (chainId) => {
    const chain = byNumber.get(chainId)
    if (chain === undefined) throw new ServiceError('CHAIN_UNSUPPORTED', 'chain_id is not supported')
    return chain
  }
}
