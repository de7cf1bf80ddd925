import type { AssetRef } from '../core/asset.ts'
import type { ChainId } from '../core/chain.ts'
import { ServiceError } from '../core/errors.ts'
import type { PriceQuestion, Prices } from '../tokens/prices.ts'
import type { Price } from '../tokens/tokens.ts'

/**
 * Prices whose questions end before the store closes. A request that passed its deadline was answered, but its work goes
 * on, so it may still ask for prices when the server has stopped.
 */
export class StoppablePrices implements Prices {
  readonly #prices: Prices
  readonly #open = new Set<Promise<unknown>>()
  #isStopped = false

  constructor(prices: Prices) {
    this.#prices = prices
  }

  find(chain: ChainId, asset: AssetRef): Price | undefined {
    return this.#prices.find(chain, asset)
  }

  /** As of the prices. @throws STORE_UNAVAILABLE also after `stop` */
  at(chain: ChainId, question: PriceQuestion, signal?: AbortSignal): Promise<Price | undefined> {
    return this.#ask(() => this.#prices.at(chain, question, signal))
  }

  /** Rejects new questions, and resolves when all others have ended. Afterwards nothing uses the store. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.allSettled(this.#open)
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    if (this.#isStopped) throw new ServiceError('STORE_UNAVAILABLE', 'the server stops, and its prices are closed')
    const answer = question()
    this.#open.add(answer)
    try {
      return await answer
    } finally {
      this.#open.delete(answer)
    }
  }
}
