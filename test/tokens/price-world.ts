/** Prices of a scripted source on a real socket, with a real store and a clock that the test sets. */
import type { AssetRef } from '../../src/core/asset.ts'
import { type ChainId, parseChainId } from '../../src/core/chain.ts'
import type { Store } from '../../src/store/seam/store.ts'
import { HttpPrices } from '../../src/tokens/http-prices.ts'
import { createPriceSource } from '../../src/tokens/price-source.ts'
import { CHAIN, newPlace, type StorePlace } from '../store/engines.ts'
import { type PriceServer, pricesOf, startPriceServer } from './price-server.ts'

/** The time at the start, in Unix seconds. */
export const START = 1_700_000_400
/** A second chain with the same name in the source. */
export const FORK = parseChainId('eip155:31337') as ChainId

/** The token with this number as its address. */
export function token(number: number): AssetRef {
  return { standard: 'erc20', reference: `0x${String(number).padStart(40, '0')}` }
}

/** The source's name of a token. */
export function coin(number: number): string {
  return `ethereum:${token(number).reference}`
}

export class PriceWorld {
  server: PriceServer
  store: Store
  now = START
  readonly logged: string[] = []
  readonly stopping = new AbortController()
  readonly #place: StorePlace

  static async start(): Promise<PriceWorld> {
    const place = await newPlace()
    return new PriceWorld(await startPriceServer(pricesOf({})), place, await place.open())
  }

  private constructor(server: PriceServer, place: StorePlace, store: Store) {
    this.server = server
    this.#place = place
    this.store = store
  }

  makePrices(options: { readonly url?: string; readonly timeoutMs?: number } = {}): HttpPrices {
    const { url = this.server.url, timeoutMs = 5_000 } = options
    return new HttpPrices({
      source: createPriceSource({ url, timeoutMs }),
      chains: new Map([
        [CHAIN, 'ethereum'],
        [FORK, 'ethereum'],
      ]),
      store: this.store.prices,
      intervalSeconds: 60,
      now: () => this.now,
      signal: this.stopping.signal,
      warn: (message, fields) => this.logged.push(`warn ${message} ${String(fields.code ?? '')}`.trim()),
      info: (message) => this.logged.push(`info ${message}`),
    })
  }

  /** The price of an asset that nobody asked for yet, after one round. */
  async firstPrice(prices: HttpPrices, asset: AssetRef) {
    if (prices.find(CHAIN, asset) !== undefined) throw new Error('the asset has a price already')
    await prices.refresh()
    return prices.find(CHAIN, asset)
  }

  async reopenStore(): Promise<void> {
    await this.store.close()
    this.store = await this.#place.open()
  }

  /** Starts the source again, at the same port. */
  async restartServer(answer: Parameters<typeof startPriceServer>[0]): Promise<void> {
    this.server = await startPriceServer(answer, Number(new URL(this.server.url).port))
  }

  async stop(): Promise<void> {
    this.stopping.abort()
    await this.server.stop()
    await this.#place.end()
  }
}
