/** The composition root: configuration → store → chains → indexers → server. */
import { setMaxListeners } from 'node:events'
import { KeyVerifier } from '../access/keys.ts'
import { vendorNames } from '../api/dialects/cobo/vendor-names.ts'
import { recordKeyUses } from '../api/http/record-key-uses.ts'
import type { ChainConfig } from '../config/chains.ts'
import type { BalanceKey } from '../core/balance.ts'
import { type ErrorCode, isServiceError, ServiceError } from '../core/errors.ts'
import { wait } from '../net/wait.ts'
import type { Store } from '../store/seam/store.ts'
import type { TokenLists } from '../tokens/token-lists.ts'
import type { AppConfig } from './app-config.ts'
import { configuredKind, indexerDataOf, openConfiguredStore } from './configured-store.ts'
import { listedAssetsOf, type StartedCustody, startCustody } from './custody.ts'
import { followReports } from './follow-reports.ts'
import { cannotListen } from './front-door.ts'
import type { Logger } from './log.ts'
import { abcLedger, type BesideOthers, makeServer, readLists } from './make-server.ts'
import { openChain } from './open-chain.ts'
import { type RunningPrices, startPrices } from './prices.ts'
import type { Progress } from './progress.ts'
import { RunningChain } from './running-chain.ts'
import { startIndexer } from './start-indexer.ts'
import { makeTokens } from './tokens.ts'

/** What an app is made of. */
export type AppOptions = {
  readonly config: AppConfig
  readonly log: Logger
  readonly onProgress?: (progress: Progress) => void
  /** False: other processes run the indexers of this store. */
  readonly runsIndexers?: boolean
  /** False: the store must exist. */
  readonly mayCreate?: boolean
  /** Other processes answer for the same store too. */
  readonly besideOthers?: BesideOthers | undefined
  /** Extra time of each ledger commit, in milliseconds: to measure a slower disk. */
  readonly slowCommitMs?: number
}

/** A running Steelyard. `url`: empty if another process hands it connections. `stop` ends it in order: rejects new requests, answers open ones, commits, closes the store. */
export type App = { readonly url: string; stop(): Promise<void> }

const now = (): number => Math.floor(Date.now() / 1000)

/**
 * Starts everything in the configuration. After a failure, nothing is left running.
 * @throws CONFIG_INVALID (a token list), STORE_MISSING, STORE_UNAVAILABLE, STORE_MISMATCH, UNAVAILABLE (the port is taken)
 */
export async function startApp(options: AppOptions): Promise<App> {
  const { config, log, onProgress = () => undefined, runsIndexers = true, mayCreate = true } = options
  const lists = readLists(config)
  const stopping = new AbortController()
  // Every open read of a chain listens to this signal, so many listeners are no leak.
  setMaxListeners(0, stopping.signal)
  const store = await openConfiguredStore(config, mayCreate)
  const chains: RunningChain[] = []
  let pricing: RunningPrices | undefined
  let custody: StartedCustody | undefined
  let following: Promise<void> | undefined
  const stopWriters = async (): Promise<void> => {
    stopping.abort()
    await Promise.all([pricing?.stop(), custody?.stop(), following, ...chains.map((chain) => chain.stop())])
    await store.close()
  }
  try {
    pricing = await startPrices({ config: config.prices, store: store.prices, log, now })
    const opening = { options, store, lists, signal: stopping.signal }
    for (const chain of config.chains) chains.push(await open(chain, opening))
    await registerConfigured(config, { chains, log })
    following = followReports({ chains, reports: store.reports, log }, stopping.signal)
    const keys = new KeyVerifier(store.keys, now)
    const { prices } = pricing
    const { tokens, finder } = makeTokens({ chains, lists, prices, log, now })
    const listedAssets = listedAssetsOf(lists)
    const names = vendorNames({ settings: config.dialects.cobo, listed: listedAssets })
    custody = startCustody({ store: store.custody, chains, tokens, names, log, now })
    const parts = { config, log, store, keys, chains, prices, now, besideOthers: options.besideOthers }
    const server = makeServer({ ...parts, tokens, finder, custody: custody.custody, listedAssets })
    const member = options.besideOthers?.member
    const url = member === undefined ? await listen(server, config) : ''
    if (member !== undefined) await server.ready()
    const connections = member?.takeConnections(server.server)
    const uses = recordKeyUses(keys, log)
    const follow = (chain: RunningChain): void => {
      if (chain.kind.source !== 'nodes' || !runsIndexers) return
      chain.setIndexer(startIndexer({ data: indexerDataOf(config, chain.config), log, onProgress, store }))
    }
    for (const chain of chains) {
      if (chain.opened !== undefined) follow(chain)
      else if (chain.failure?.code === 'STORE_FULL')
        void openLater(chain, opening).then(() => follow(chain), ignoreStop)
    }
    await reportLedgers(chains, onProgress)
    return {
      url,
      stop: async () => {
        await server.close()
        await connections?.drained()
        await uses.stop()
        await stopWriters()
      },
    }
  } catch (error) {
    await stopWriters()
    throw error
  }
}

/** Failures of a chain's own files. They stop that chain, and the server starts with the others. */
const CONTAINED: ReadonlySet<ErrorCode> = new Set([
  'STORE_DAMAGED',
  'STORE_FULL',
  'STORE_UNAVAILABLE',
  'STORE_MISMATCH',
  'STORE_REPLACED',
])

/** Failures of a ledger's file that prevent the start, so that no new ledger begins unnoticed. */
const FAILED_LEDGERS: ReadonlySet<ErrorCode> = new Set(['STORE_MISMATCH', 'STORE_REPLACED'])

/** Pause between two attempts to open a chain while its disk is full, in milliseconds. */
const OPEN_PAUSE_MS = 2_000

type Opening = {
  readonly options: AppOptions
  readonly store: Store
  readonly lists: TokenLists
  readonly signal: AbortSignal
}

/**
 * Opens a chain. A chain with unreadable files is returned stopped.
 * @throws STORE_MISMATCH, STORE_REPLACED a ledger's file is not the expected one: the start fails, so that no new
 * ledger begins unnoticed
 */
async function open(config: ChainConfig, opening: Opening): Promise<RunningChain> {
  const { log } = opening.options
  const definition = configuredKind(config.id)
  const onFailure = (error: ServiceError): void => {
    log.error({ ...error.fields, chain: config.id, code: error.code, error: error.message }, 'this chain is stopped')
  }
  const { runsIndexers: runsIndexer = true } = opening.options
  const chain = new RunningChain({ config, kind: definition, store: opening.store, runsIndexer, onFailure })
  try {
    await openStored(chain, opening)
  } catch (error) {
    const isOwn = definition.source === 'own'
    if (!isServiceError(error) || !CONTAINED.has(error.code) || (isOwn && FAILED_LEDGERS.has(error.code))) throw error
    chain.fail(error)
  }
  return chain
}

async function openStored(chain: RunningChain, { options, store, lists, signal }: Opening): Promise<void> {
  const { config, log, slowCommitMs = 0 } = options
  const { strictWallets } = config.dialects.abcLabs
  const ledgers = { storeUrl: config.store, strictWallets, slowCommitMs }
  const onDamage = (error: ServiceError): void => chain.fail(error)
  const onEnded = (key: BalanceKey): void => chain.compare(key)
  const deps = { chain: chain.config, kind: chain.kind, store, log, signal, now, ledgers, onDamage, onEnded }
  const opened = await openChain(deps)
  const { kind } = chain
  // A listed token is found in every account from now on, whatever hints its coins have.
  const leadOf = kind.source === 'nodes' ? kind.listedLead : undefined
  if (leadOf !== undefined) await opened.reads.learned.add(lists.search(chain.config.id, undefined).map(leadOf))
  chain.setOpen(opened)
}

/** Opens a chain once its disk has room again. @throws ABORTED, or another reason why it cannot be opened */
async function openLater(chain: RunningChain, opening: Opening): Promise<void> {
  for (;;) {
    await wait(OPEN_PAUSE_MS, opening.signal)
    try {
      await openStored(chain, opening)
      opening.options.log.info({ chain: chain.config.id }, 'the chain is open now')
      return
    } catch (error) {
      if (!isServiceError(error, 'STORE_FULL')) throw error
    }
  }
}

/** Either the server stops, or the chain stays stopped and reports why. */
function ignoreStop(error: unknown): void {
  if (!isServiceError(error)) throw error
}

/**
 * Registers the configured assets that are not registered yet. If the ledger accepts no operations, they wait for the
 * next start.
 * @throws STORE_MISMATCH an asset is registered with other content
 */
async function registerConfigured(
  config: AppConfig,
  { chains, log }: { chains: readonly RunningChain[]; log: Logger },
) {
  const ledger = abcLedger(config, chains)
  if (ledger === undefined) return
  for (const asset of config.dialects.abcLabs.assets) {
    const operation = { kind: 'register_asset', ...asset } as const
    try {
      const { accepted } = await ledger.submit({ operation, idempotency: undefined })
      if (accepted) continue
    } catch (error) {
      if (!isServiceError(error)) throw error
      log.warn({ asset: asset.assetId, error: error.message }, 'a configured asset could not be registered')
      continue
    }
    const message = `dialects.abc-labs.assets: ${asset.assetId} is registered with another name, symbol or reissue`
    throw new ServiceError('STORE_MISMATCH', message, { fields: { asset: asset.assetId } })
  }
}

/** A ledger is live as soon as it is open: it has nothing to catch up with. */
async function reportLedgers(chains: readonly RunningChain[], onProgress: (progress: Progress) => void): Promise<void> {
  for (const chain of chains) {
    if (chain.opened?.ledger === undefined) continue
    const { published, transfers: stored } = await chain.clock()
    const block = published?.number
    onProgress({ chain: chain.config.id, state: 'live', first: 0, written: block, head: block, transfers: 0, stored })
  }
}

async function listen(server: ReturnType<typeof makeServer>, { listen: { host, port } }: AppConfig): Promise<string> {
  try {
    return await server.listen({ host, port })
  } catch (error) {
    await server.close()
    throw cannotListen({ host, port }, error)
  }
}
