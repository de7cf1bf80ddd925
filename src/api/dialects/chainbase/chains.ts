import { type ChainId, namespaceOf, referenceOf } from '../../../core/chain.ts'
import { ServiceError } from '../../../core/errors.ts'

/** Finds a chain by the decimal `chain_id` of a query. @throws CHAIN_UNSUPPORTED */
export type ChainFinder = (chainId: string) => ChainId

/** Chainbase names EVM chains alone, by their EIP-155 number. */
export function chainFinder(chains: readonly { readonly id: ChainId }[]): ChainFinder {
  const byNumber = new Map<string, ChainId>()
  for (const { id } of chains) if (namespaceOf(id) === 'eip155') byNumber.set(referenceOf(id), id)
  return (chainId) => {
    const chain = byNumber.get(chainId)
    if (chain === undefined) throw new ServiceError('CHAIN_UNSUPPORTED', 'chain_id is not supported')
    return chain
  }
}
