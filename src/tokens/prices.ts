import type { Decimal } from '../core/amount.ts'
import { type AssetRef, assetText } from '../core/asset.ts'
import type { ChainId } from '../core/chain.ts'
import type { Price } from './tokens.ts'

/** Asks for the price of an asset at a time (Unix seconds). */
export type PriceQuestion = { readonly asset: AssetRef; readonly time: number }

/** Prices of whole tokens in US dollars. Undefined is unknown, never 0. Times are Unix seconds. */
export interface Prices {
  /** The last known price, from memory. `updatedAt` shows its age. */
  find(chain: ChainId, asset: AssetRef): Price | undefined
  /**
   * The price that held at a time. `signal` ends the wait for a source: then the price is unknown.
   * @throws STORE_UNAVAILABLE, STORE_DAMAGED
   */
  at(chain: ChainId, question: PriceQuestion, signal?: AbortSignal): Promise<Price | undefined>
}

/** A price and its configured text, for one asset. The asset's reference is canonical. */
export type ConfiguredPrice = readonly [
  { readonly chain: ChainId; readonly asset: AssetRef },
  Decimal & { readonly text: string },
]

/** Prices from the configuration. They are exact, hold at every time, and have the time of the start. */
export class StaticPrices implements Prices {
  readonly #prices: ReadonlyMap<string, Price>

  /** `updatedAt` (Unix seconds): the time at which the configuration was read. */
  constructor(prices: readonly ConfiguredPrice[], updatedAt: number) {
    this.#prices = new Map(
      prices.map(([{ chain, asset }, price]) => [assetText(chain, asset), { source: 'static', updatedAt, ...price }]),
    )
  }

  find(chain: ChainId, asset: AssetRef): Price | undefined {
    return this.#prices.get(assetText(chain, asset))
  }

  async at(chain: ChainId, { asset }: Pick<PriceQuestion, 'asset'>): Promise<Price | undefined> {
    return this.find(chain, asset)
  }
}

/** Several sources of prices. The first one that knows an asset answers; the others are not asked. */
export class PricesInOrder implements Prices {
  readonly #sources: readonly Prices[]

  constructor(sources: readonly Prices[]) {
    this.#sources = sources
  }

  find(chain: ChainId, asset: AssetRef): Price | undefined {
    for (const source of this.#sources) {
      const price = source.find(chain, asset)
      if (price !== undefined) return price
    }
    return undefined
  }

  async at(chain: ChainId, question: PriceQuestion, signal?: AbortSignal): Promise<Price | undefined> {
    for (const source of this.#sources) {
      const price = await source.at(chain, question, signal)
      if (price !== undefined) return price
    }
    return undefined
  }
}
