/** The composition root: configuration → store → chains → indexers → server. */
import { Registry } from 'prom-client'
import type { ServedChain } from './api/deps.ts'
import { warnOfOpenWrites } from './api/exposure.ts'
import { KeyVerifier } from './api/keys.ts'
import { createServer } from './api/server.ts'
import { createBalances, type ServedBalances } from './balances/all-balances.ts'
import { ChainBalances } from './balances/chain-balances.ts'
import { NodeReader } from './balances/node-reader.ts'
import { collectChainMetrics } from './chain-metrics.ts'
import type { ChainAdapter } from './chains/adapter.ts'
import { kindOf } from './chains/registry.ts'
import type { ChainConfig } from './config/chains.ts'
import type { Config } from './config.ts'
import { assert } from './core/assert.ts'
import { fixedClasses } from './core/asset.ts'
import type { ChainId } from './core/chain.ts'
import { ServiceError } from './core/errors.ts'
import type { Logger } from './log.ts'
import type { Progress } from './progress.ts'
import { type IndexerHandle, startIndexer } from './start-indexer.ts'
import { openStore } from './store/open.ts'
import type { ChainReads, Store } from './store/store.ts'
import { TokenMetadata } from './tokens/metadata.ts'
import { StaticPrices } from './tokens/prices.ts'
import { readTokenLists } from './tokens/token-lists.ts'
import { VERSION } from './version.ts'

export type AppOptions = {
  readonly config: Config
  readonly log: Logger
  readonly onProgress?: (progress: Progress) => void
}

/** A running Steelyard. `stop` ends it in order: no new requests, open ones answered, indexers committed, store closed. */
export type App = { readonly url: string; stop(): Promise<void> }

/** A chain as served: its store, and an adapter of the API's own for reads on demand. */
type Chain = {
  readonly config: ChainConfig
  readonly reads: ChainReads
  readonly adapter: ChainAdapter
  readonly balances: ChainBalances
}

const now = (): number => Math.floor(Date.now() / 1000)

/**
 * Starts all that the configuration names; on a failure nothing is left running.
 * @throws STORE_UNAVAILABLE, STORE_MISMATCH, UNAVAILABLE (the port is taken)
 */
export async function startApp({ config, log, onProgress }: AppOptions): Promise<App> {
  const stopping = new AbortController()
  const classesOf = (chain: ChainId) => fixedClasses(config.tokens.accounting, chain)
  const store = await openStore({ url: config.store, codecOf: (chain) => kind(chain).accountCodec, classesOf })
  const indexers: IndexerHandle[] = []
  try {
    const chains = await openChains({ config, log, store, signal: stopping.signal })
    const server = makeServer({ config, log, store, chains, indexers })
    const url = await listen(server, config)
    for (const chain of chains) {
      const data = { store: config.store, chain: chain.config, classes: classesOf(chain.config.id) }
      indexers.push(startIndexer({ data, log, onProgress: onProgress ?? (() => undefined) }))
    }
    return {
      url,
      stop: async () => {
        await server.close()
        stopping.abort()
        await Promise.all(indexers.map((indexer) => indexer.stop()))
        await store.close()
      },
    }
  } catch (error) {
    stopping.abort()
    await store.close()
    throw error
  }
}

function kind(chain: ChainId) {
  const definition = kindOf(chain)
  assert(definition !== undefined, `the configuration lets only known kinds through: ${chain}`)
  return definition
}

async function openChains(parts: { config: Config; log: Logger; store: Store; signal: AbortSignal }): Promise<Chain[]> {
  const { config, log, store, signal } = parts
  const open = config.chains.map(async (chain): Promise<Chain> => {
    const reads = await store.openReads(chain.id)
    const { adapter } = kind(chain.id).createAdapter({
      chain: chain.id,
      rpc: chain.rpc,
      finality: chain.finality,
      warn: (message, fields) => log.warn({ chain: chain.id, ...fields }, message),
    })
    const node = new NodeReader({ adapter, observations: reads.observations, signal })
    return { config: chain, reads, adapter, balances: new ChainBalances({ reads, node, now }) }
  })
  return Promise.all(open)
}

function makeServer(parts: {
  config: Config
  log: Logger
  store: Store
  chains: readonly Chain[]
  indexers: readonly IndexerHandle[]
}): ReturnType<typeof createServer> {
  const { config, log, store, chains, indexers } = parts
  const served: ServedChain[] = chains.map(({ config: { id }, reads }, index) => ({
    id,
    kind: kind(id).kind,
    clock: async () => {
      const clock = await reads.clock()
      const error = indexers[index]?.error()
      return error === undefined ? clock : { ...clock, state: 'stopped', error }
    },
  }))
  const { abcLabs } = config.dialects
  const ledger = undefined
  if (abcLabs.enabled && ledger === undefined) {
    log.info(`${abcLabs.chain} is not configured: the calls of abc-labs answer 503`)
  }
  const warning = ledger === undefined ? undefined : warnOfOpenWrites(config.listen.host, abcLabs)
  if (warning !== undefined) log.warn(warning)
  const metrics = new Registry()
  collectChainMetrics(metrics, served)
  const byId = new Map(chains.map((chain) => [chain.config.id, chain] satisfies [ChainId, Chain & ServedBalances]))
  return createServer({
    balances: createBalances(byId),
    tokens: makeTokens(config, log, byId),
    ledger,
    chains: served,
    keys: new KeyVerifier(store.keys, now),
    metrics,
    settings: { trustProxy: config.listen.trustProxy, dialects: config.dialects },
    version: VERSION,
    now,
    log,
  })
}

/** How long a request waits for a token's facts, in milliseconds. */
const TOKEN_READ_MS = 10_000

function makeTokens(config: Config, log: Logger, chains: ReadonlyMap<ChainId, Chain>): TokenMetadata {
  const of = (id: ChainId): Chain => {
    const chain = chains.get(id)
    if (chain === undefined) throw new ServiceError('CHAIN_UNSUPPORTED', `chain ${id} is not served here`)
    return chain
  }
  return new TokenMetadata({
    storeOf: async (id) => of(id).reads.tokens,
    readTokens: (id, assets) => of(id).adapter.readTokens(assets, AbortSignal.timeout(TOKEN_READ_MS)),
    lists: readTokenLists(config.tokens.lists, (chain, text) => kindOf(chain)?.parseAddress(text)),
    prices: new StaticPrices(config.prices.static, now()),
    now,
    warn: (message, fields) => log.warn(fields, message),
  })
}

async function listen(server: ReturnType<typeof createServer>, { listen: { host, port } }: Config): Promise<string> {
  try {
    return await server.listen({ host, port })
  } catch (error) {
    await server.close()
    const reason = error instanceof Error ? error.message : String(error)
    throw new ServiceError('UNAVAILABLE', `cannot listen on ${host} port ${port}: ${reason}`, { cause: error })
  }
}
