import type { AssetRef } from '../core/asset.ts'
import type { ChainId } from '../core/chain.ts'
import { isFungible } from '../core/standards.ts'

/** A source's own names of chains. */
export type ChainNames = ReadonlyMap<ChainId, string>

/** How DefiLlama names native assets. A token cannot have this address. */
const ZERO_ADDRESS = `0x${'0'.repeat(40)}`
/** References that need no encoding in a path. */
const PLAIN = /^[0-9A-Za-z_-]{1,80}$/

/**
 * The source's name of an asset: `ethereum:0x…`, with the zero address for a native asset. Undefined if it cannot have a
 * price there: an item of a collection, an asset of a chain without a name.
 */
export function coinName(chains: ChainNames, chain: ChainId, asset: AssetRef): string | undefined {
  const name = chains.get(chain)
  if (name === undefined || !isFungible(asset.standard)) return undefined
  if (asset.standard === 'native') return `${name}:${ZERO_ADDRESS}`
  return asset.reference === ZERO_ADDRESS || !PLAIN.test(asset.reference) ? undefined : `${name}:${asset.reference}`
}
