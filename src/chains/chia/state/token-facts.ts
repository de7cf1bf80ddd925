import type { AssetRef } from '../../../core/asset.ts'
import type { ReadTokenFacts } from '../../../core/token.ts'

/** A CAT has no names on its chain, and nobody can tell its supply; 1,000 mojos are one, by convention. */
const CAT_DECIMALS = 3
const XCH_DECIMALS = 12

/** The facts of an asset, which no node is asked for. */
export function factsOf(asset: AssetRef): ReadTokenFacts {
  const unknown = { asset, name: undefined, symbol: undefined, totalSupply: undefined }
  if (asset.standard === 'cat') return { ...unknown, decimals: CAT_DECIMALS }
  if (asset.standard === 'native') return { ...unknown, name: 'Chia', symbol: 'XCH', decimals: XCH_DECIMALS }
  return { ...unknown, decimals: undefined }
}
