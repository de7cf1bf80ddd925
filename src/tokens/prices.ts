import type { Decimal } from '../core/amount.ts'
import { type AssetRef, assetText } from '../core/asset.ts'
import type { ChainId } from '../core/chain.ts'
import type { TokenInfo } from './tokens.ts'

/** A price with its text, for one asset. The asset's reference is canonical. */
export type ConfiguredPrice = readonly [
  { readonly chain: ChainId; readonly asset: AssetRef },
  Decimal & { readonly text: string },
]

/** Prices in US dollars for one whole token, as the configuration gives them: exact, and as old as the start. */
export class StaticPrices {
  readonly #prices: ReadonlyMap<string, NonNullable<TokenInfo['price']>>

  /** `updatedAt` (Unix seconds) is when the configuration was read. */
  constructor(prices: readonly ConfiguredPrice[], updatedAt: number) {
    this.#prices = new Map(
      prices.map(([{ chain, asset }, price]) => [assetText(chain, asset), { ...price, source: 'static', updatedAt }]),
    )
  }

  /** The price of an asset; undefined is unknown. */
  find(chain: ChainId, asset: AssetRef): TokenInfo['price'] {
    return this.#prices.get(assetText(chain, asset))
  }
}
