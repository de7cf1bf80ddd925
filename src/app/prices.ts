/** Part of the composition root: the sources of prices. */
import type { PriceStore } from '../store/seam/prices.ts'
import { HttpPrices } from '../tokens/http-prices.ts'
import { createPriceSource } from '../tokens/price-source.ts'
import { type Prices, PricesInOrder, StaticPrices } from '../tokens/prices.ts'
import type { AppConfig } from './app-config.ts'
import type { Logger } from './log.ts'
import { StoppablePrices } from './stoppable-prices.ts'

/** What the prices are made of. `now`: Unix seconds. */
export type PriceDeps = {
  readonly config: AppConfig['prices']
  readonly store: PriceStore
  readonly log: Logger
  readonly now: () => number
}

/** Running sources of prices. `stop` ends requests to sources and waits for open questions. Then nothing uses the store. */
export type RunningPrices = { readonly prices: Prices; stop(): Promise<void> }

/** Starts the sources of prices, the static ones first. A source that fails is logged and prevents nothing. */
export async function startPrices({ config, store, log, now }: PriceDeps): Promise<RunningPrices> {
  const fixed = new StaticPrices(config.static, now())
  if (config.http === undefined) return { prices: fixed, stop: async () => undefined }
  const stopping = new AbortController()
  const http = new HttpPrices({
    source: createPriceSource(config.http),
    chains: new Map(config.http.ids),
    store,
    intervalSeconds: config.http.intervalSeconds,
    now,
    signal: stopping.signal,
    warn: (message, fields) => log.warn(fields, message),
    info: (message, fields) => log.info(fields, message),
  })
  await http.load()
  const running = http.run()
  const stoppable = new StoppablePrices(http)
  return {
    prices: new PricesInOrder([fixed, stoppable]),
    stop: async () => {
      stopping.abort()
      await Promise.all([running, stoppable.stop()])
    },
  }
}
