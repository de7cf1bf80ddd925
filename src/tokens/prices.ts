import type { Decimal } from '../core/amount.ts'
import { type AssetRef, assetText } from '../core/asset.ts'
import type { ChainId } from '../core/chain.ts'
import type { TokenInfo } from './tokens.ts'

/** A price and its configured text, for one asset. The asset's reference is canonical. */
export type ConfiguredPrice = readonly [
  { readonly chain: ChainId; readonly asset: AssetRef },
  Decimal & { readonly text: string },
]

/** Prices in US dollars for one whole token, from the configuration. They are exact and have the time of the start. */
export class StaticPrices {
  readonly #prices: ReadonlyMap<string, NonNullable<TokenInfo['price']>>

  /** `updatedAt` (Unix seconds): the time at which the configuration was read. */
  constructor(prices: readonly ConfiguredPrice[], updatedAt: number) {
    this.#prices = new Map(
      prices.map(([{ chain, asset }, price]) => [assetText(chain, asset), { ...price, source: 'static', updatedAt }]),
    )
  }

  /** Returns the price of an asset. Undefined is unknown. */
  find(chain: ChainId, asset: AssetRef): TokenInfo['price'] {
    return this.#prices.get(assetText(chain, asset))
  }
}
