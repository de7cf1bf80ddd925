import { type AssetRef, assetText } from '../core/asset.ts'
import type { ChainId } from '../core/chain.ts'
import { isServiceError, type ServiceError } from '../core/errors.ts'
import { PRICE_STEP_SECONDS, type PriceOfAsset, type PriceStore, type StoredPrice } from '../store/seam/prices.ts'
import { type ChainNames, coinName } from './coin-name.ts'
import { type OnPrices, PastPrices } from './past-prices.ts'
import { readPriceNumber } from './price-number.ts'
import { type CoinPrices, MAX_COINS, type PriceSource, type SourcePrice } from './price-source.ts'
import { PriceWatch, type Watched } from './price-watch.ts'
import type { PriceQuestion, Prices } from './prices.ts'
import type { Price } from './tokens.ts'

/** Last prices read from the store at the start. */
const MAX_LOADED = 5_000
/** A stored price that is not older than this at the time of a question answers it, in seconds. Only `at` decides it. */
const NEAR_SECONDS = 3_600
/** Pause between two rounds, in milliseconds, in which new assets gather: then few requests have many coins. */
const GATHER_MS = 1_000

/** The parts of the prices of a source. */
export type HttpPriceParts = {
  readonly source: PriceSource
  readonly chains: ChainNames
  readonly store: PriceStore
  /** Pause between two reads of a price. */
  readonly intervalSeconds: number
  /** Unix seconds. */
  readonly now: () => number
  /** Ends all requests and `run`. */
  readonly signal: AbortSignal
  readonly warn: (message: string, fields: Readonly<Record<string, unknown>>) => void
  readonly info: (message: string, fields: Readonly<Record<string, unknown>>) => void
}

/** The state of a source. `updatedAt`: its last answer in Unix seconds. `error`: why it fails now. */
export type PriceSourceState = {
  readonly source: string
  readonly updatedAt: number | undefined
  readonly error: string | undefined
}

/**
 * Prices from a source over HTTP, of the assets that someone asked for lately. A source that fails leaves the last prices
 * with their age; a source that answers without a price makes it unknown. All prices are kept in the store.
 */
export class HttpPrices implements Prices {
  readonly #parts: HttpPriceParts
  readonly #watch: PriceWatch
  readonly #past: PastPrices
  readonly #loaded = new Map<string, Price>()
  #updatedAt: number | undefined
  #error: string | undefined
  #storeFails = false
  #pastFails = false
  #wake: () => void = () => undefined

  constructor(parts: HttpPriceParts) {
    this.#parts = parts
    this.#watch = new PriceWatch(parts.intervalSeconds)
    const { source, signal, now } = parts
    this.#past = new PastPrices({ source, signal, now, onPrices: (prices) => this.#keep(prices) })
  }

  /** Reads the last prices from the store, so that a restart keeps them. A store that fails is logged. */
  async load(): Promise<void> {
    await this.#withStore(async (store) => {
      for (const stored of await store.latest(MAX_LOADED)) {
        const price = priceOf(stored)
        if (price !== undefined) this.#loaded.set(stored.asset, price)
      }
    })
  }

  find(chain: ChainId, asset: AssetRef): Price | undefined {
    const coin = coinName(this.#parts.chains, chain, asset)
    if (coin === undefined) return undefined
    const text = assetText(chain, asset)
    const now = this.#parts.now()
    const watched = this.#watch.ask({ asset: text, coin }, now, () => this.#loaded.get(text))
    if (watched.dueAt <= now) this.#wake()
    return watched.price
  }

  /**
   * A stored price of the hour before, else the source's price near that time. Undefined if the source has none, or could
   * not be asked in time. If the source fails, the last price before that time; `updatedAt` shows how old it is.
   */
  async at(chain: ChainId, { asset, time }: PriceQuestion, signal?: AbortSignal): Promise<Price | undefined> {
    const { chains, store, now, source, warn } = this.#parts
    const coin = coinName(chains, chain, asset)
    if (coin === undefined) return undefined
    const text = assetText(chain, asset)
    const until = Math.min(time, now())
    const stored = newest(priceOf(await store.at(text, until)), this.#lastUntil(text, until))
    if (stored !== undefined && until - stored.updatedAt <= NEAR_SECONDS) return stored
    try {
      const found = await this.#past.ask({ asset: text, coin }, until, signal)
      if (found !== undefined) this.#pastFails = false
      return found && toPrice(found, found.at)
    } catch (error) {
      if (!isServiceError(error)) throw error
      if (!this.#pastFails)
        warn('prices of the past cannot be read', { node: source.label, code: error.code, err: error })
      this.#pastFails = true
      return stored
    }
  }

  async #keep(prices: Parameters<OnPrices>[0]): Promise<void> {
    const rows = prices.map(({ asset, price }) => ({ asset, at: price.at, price: price.text }))
    await this.#withStore((store) => store.put(rows, this.#parts.now()))
  }

  /** The state of the source, for operators. */
  state(): PriceSourceState {
    return { source: this.#parts.source.label, updatedAt: this.#updatedAt, error: this.#error }
  }

  /** Refreshes the prices until the signal fires. Never throws. */
  async run(): Promise<void> {
    const { signal } = this.#parts
    while (!signal.aborted) {
      await this.refresh()
      await this.#pause(GATHER_MS)
      if (this.#error === undefined && this.#watch.nextIn(this.#parts.now()) === 0) continue
      await this.#pause(this.#pauseMs(), { wakes: this.#error === undefined })
    }
  }

  /**
   * Asks the source for the prices that are due, one request after the other: those with a price first, then one request
   * for others. A failure ends the round, and the rest stays due.
   */
  async refresh(): Promise<void> {
    const { now, signal } = this.#parts
    const { priced, unpriced } = this.#watch.due(now())
    const changed: PriceOfAsset[] = []
    try {
      const batches = inBatches(byCoin(priced))
      for (const batch of batches) this.#apply(batch, await this.#ask([...batch.keys()]), changed)
      const [others] = inBatches(byCoin(unpriced))
      if (others !== undefined) await this.#askForOthers(others, changed)
    } catch (error) {
      if (!isServiceError(error)) throw error
      if (!signal.aborted) this.#failed(error)
    }
    if (changed.length > 0) await this.#withStore((store) => store.put(changed, now()))
  }

  async #ask(coins: readonly string[]): Promise<CoinPrices> {
    const { source, now, signal, info } = this.#parts
    const prices = await source.current(coins, signal)
    if (this.#error !== undefined) info('prices are read again', { node: source.label })
    this.#error = undefined
    this.#updatedAt = now()
    return prices
  }

  /** A source that refuses a request for new coins must not get the same request again and again. */
  async #askForOthers(batch: Batch, changed: PriceOfAsset[]): Promise<void> {
    try {
      this.#apply(batch, await this.#ask([...batch.keys()]), changed)
    } catch (error) {
      if (isServiceError(error, 'NODE_HTTP') && isRefusal(error)) this.#apply(batch, new Map(), changed)
      throw error
    }
  }

  #apply(batch: Batch, prices: CoinPrices, changed: PriceOfAsset[]): void {
    const now = this.#parts.now()
    for (const [coin, watched] of batch) {
      const found = prices.get(coin)
      for (const one of watched) {
        this.#loaded.delete(one.asset)
        if (found === undefined) this.#watch.missed(one, now)
        else this.#watch.known(one, toPrice(found, Math.min(found.at ?? now, now)), now)
        const { price, asset } = one
        if (price === undefined || price.updatedAt - one.storedAt < PRICE_STEP_SECONDS) continue
        one.storedAt = price.updatedAt
        changed.push({ asset, at: price.updatedAt, price: price.text })
      }
    }
  }

  #failed(error: ServiceError): void {
    const { source, warn } = this.#parts
    if (this.#error === undefined) {
      warn('prices cannot be read; the last ones stay', { node: source.label, code: error.code, err: error })
    }
    this.#error = error.message
  }

  /** The last price in memory, if it is not newer than `time`. */
  #lastUntil(asset: string, time: number): Price | undefined {
    const price = this.#watch.peek(asset)?.price
    return price !== undefined && price.updatedAt <= time ? price : undefined
  }

  async #withStore(work: (store: PriceStore) => Promise<void>): Promise<void> {
    try {
      await work(this.#parts.store)
      this.#storeFails = false
    } catch (error) {
      if (!isServiceError(error)) throw error
      if (!this.#storeFails) this.#parts.warn('the history of prices cannot be read or written', { err: error })
      this.#storeFails = true
    }
  }

  #pauseMs(): number {
    const { intervalSeconds, now } = this.#parts
    const next = this.#error === undefined ? (this.#watch.nextIn(now()) ?? intervalSeconds) : intervalSeconds
    return 1_000 * Math.min(next, intervalSeconds)
  }

  /** Ends after `ms`, with the signal, or, if `wakes`, as soon as someone asks for an asset that is due. */
  #pause(ms: number, { wakes = false } = {}): Promise<void> {
    const { signal } = this.#parts
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', end)
        this.#wake = () => undefined
        resolve()
      }
      const timer = setTimeout(end, ms)
      signal.addEventListener('abort', end, { once: true })
      if (wakes) this.#wake = end
      if (signal.aborted) end()
    })
  }
}

/** Watched assets by coin: chains may share the source's name. */
type Batch = ReadonlyMap<string, readonly Watched[]>

function byCoin(watched: readonly Watched[]): Batch {
  const coins = new Map<string, Watched[]>()
  for (const one of watched) {
    const same = coins.get(one.coin)
    if (same === undefined) coins.set(one.coin, [one])
    else same.push(one)
  }
  return coins
}

function inBatches(coins: Batch): readonly Batch[] {
  const all = [...coins]
  const starts = Array.from({ length: Math.ceil(all.length / MAX_COINS) }, (_, index) => index * MAX_COINS)
  return starts.map((start) => new Map(all.slice(start, start + MAX_COINS)))
}

/** True if the source may refuse these coins, not all requests. */
function isRefusal({ fields }: ServiceError): boolean {
  const status = Number(fields.status)
  return status >= 400 && status < 500 && ![401, 403, 408, 429].includes(status)
}

function toPrice({ units, places, text }: Pick<SourcePrice, 'units' | 'places' | 'text'>, updatedAt: number): Price {
  return { units, places, text, source: 'http', updatedAt }
}

function priceOf(stored: StoredPrice | undefined): Price | undefined {
  const number = stored === undefined ? undefined : readPriceNumber(stored.price)
  return number === undefined || stored === undefined ? undefined : toPrice(number, stored.at)
}

function newest(one: Price | undefined, other: Price | undefined): Price | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return other.updatedAt > one.updatedAt ? other : one
}
