import { type ChainId, namespaceOf } from '../../core/chain.ts'
import { ServiceError } from '../../core/errors.ts'
import type { ServedChain } from './deps.ts'

/** Returns the chain behind a dialect that has one: the configured one, else the first of a namespace. */
export function backingChain(
  chains: readonly ServedChain[],
  { chain, namespace }: { readonly chain: ChainId | undefined; readonly namespace: string },
): ServedChain | undefined {
  return chains.find(({ id }) => (chain === undefined ? namespaceOf(id) === namespace : id === chain))
}

/** Returns the chain behind a dialect. @throws UNAVAILABLE it is not configured */
export function mustBeServed(chain: ServedChain | undefined): ServedChain {
  if (chain === undefined) throw new ServiceError('UNAVAILABLE', 'No chain is configured for this API')
  return chain
}
