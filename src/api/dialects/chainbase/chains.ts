import type { AssetRef } from '../../../core/asset.ts'
import { type ChainId, namespaceOf, referenceOf } from '../../../core/chain.ts'
import { ServiceError } from '../../../core/errors.ts'

/** Finds a chain by the decimal `chain_id` of a query. @throws CHAIN_UNSUPPORTED */
export type ChainFinder = (chainId: string) => ChainId

/** Returns the chains that Chainbase's calls can use. */
export function chainbaseChains(chains: readonly { readonly id: ChainId }[]): readonly ChainId[] {
  return chains.map(({ id }) => id).filter((id) => namespaceOf(id) === 'eip155')
}

/** Returns the finder of a chain's native asset. @throws CHAIN_UNSUPPORTED the chain has none */
export function nativeFinder(
  chains: readonly { readonly id: ChainId; readonly nativeAsset?: AssetRef | undefined }[],
): (chain: ChainId) => AssetRef {
  return (chain) => {
    const asset = chains.find(({ id }) => id === chain)?.nativeAsset
    if (asset === undefined) throw new ServiceError('CHAIN_UNSUPPORTED', 'chain_id has no native asset')
    return asset
  }
}

/** Returns the finder for EVM chains by EIP-155 number: Chainbase knows no other chains. */
export function chainFinder(chains: readonly { readonly id: ChainId }[]): ChainFinder {
  const byNumber = new Map(chainbaseChains(chains).map((id) => [referenceOf(id), id]))
  return (chainId) => {
    const chain = byNumber.get(chainId)
    if (chain === undefined) throw new ServiceError('CHAIN_UNSUPPORTED', 'chain_id is not supported')
    return chain
  }
}
