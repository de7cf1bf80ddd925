/** Part of the composition root: the HTTP server over the running chains. */
import { Registry } from 'prom-client'
import { BadKeys } from '../access/bad-keys.ts'
import { issueUserKey, type KeyVerifier } from '../access/keys.ts'
import { PrincipalKeys } from '../access/principal-keys.ts'
import { Sessions } from '../access/sessions.ts'
import { createServer } from '../api/create-server.ts'
import type { ListedAsset } from '../api/dialects/cobo/vendor-names.ts'
import { warnOfOpenWrites } from '../api/http/exposure.ts'
import { createBalances, createHistory } from '../balances/create-balances.ts'
import { listedChain, listedStandard, parseToken } from '../chains/registry.ts'
import type { ChainId } from '../core/chain.ts'
import type { Custody } from '../custody/custody.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Store } from '../store/seam/store.ts'
import type { Prices } from '../tokens/prices.ts'
import { readTokenLists, type TokenLists } from '../tokens/token-lists.ts'
import type { TokenFinder, Tokens } from '../tokens/tokens.ts'
import type { AppConfig } from './app-config.ts'
import { collectChainMetrics, type MeteredChain } from './chain-metrics.ts'
import type { GroupMember } from './group-member.ts'
import { collectLedgerMetrics } from './ledger-metrics.ts'
import type { Logger } from './log.ts'
import type { OpenChain } from './open-chain.ts'
import type { RunningChain } from './running-chain.ts'
import type { LedgerHandle } from './start-ledger.ts'
import { VERSION } from './version.ts'

/** What the server is made of. `now`: Unix seconds. */
export type ServerParts = {
  readonly config: AppConfig
  readonly log: Logger
  readonly store: Store
  readonly keys: KeyVerifier
  readonly chains: readonly RunningChain[]
  readonly tokens: Tokens
  readonly finder: TokenFinder
  readonly custody: Custody
  /** The tokens of a chain in all lists. */
  readonly listedAssets: (chain: ChainId) => readonly ListedAsset[]
  readonly prices: Prices
  readonly now: () => number
  /** Other processes answer for the same store, perhaps on the same port. */
  readonly besideOthers: BesideOthers | undefined
}

/** How a process answers beside others. `member`: if they share a port. */
export type BesideOthers = { readonly member: GroupMember | undefined }

/** Makes the HTTP server of these chains. It does not listen yet. */
export function makeServer(parts: ServerParts): ReturnType<typeof createServer> {
  const { config, log, store, keys, chains, tokens, finder, custody, listedAssets, prices, now, besideOthers } = parts
  const served: MeteredChain[] = chains.map((chain) => ({
    ...chain.served(),
    classes: async () => chain.use().reads.audits.classes(),
  }))
  const ledger = abcLedger(config, chains)
  const warning = ledger === undefined ? undefined : warnOfOpenWrites(config.listen.host, config.dialects.abcLabs)
  if (warning !== undefined) log.warn(warning)
  const metrics = new Registry()
  collectChainMetrics(metrics, served)
  collectLedgerMetrics(metrics, ledgersOf(chains))
  const all = new Map(chains.map((chain) => [chain.config.id, chain]))
  const counts = besideOthers === undefined ? undefined : store.callCounts
  const byId: ServedChains = { get: (id) => all.get(id)?.use() }
  return createServer({
    balances: createBalances(byId),
    history: createHistory(byId),
    tokens,
    finder,
    prices,
    custody,
    principalKeys: new PrincipalKeys(store.keys, now),
    listedAssets,
    ledger,
    chains: served,
    keys,
    issueUserKey: (request) => issueUserKey(store.keys, request),
    sessions: new Sessions({ users: store.users, sessions: store.sessions, now }),
    badKeys: new BadKeys({ counts }),
    counts,
    metrics,
    renderMetrics: besideOthers?.member?.shareMetrics(metrics),
    trustProxy: config.listen.trustProxy,
    dialects: config.dialects,
    version: VERSION,
    now,
    log,
  })
}

/** The configured token lists. @throws CONFIG_INVALID naming a file that cannot be read or is not a token list */
export function readLists({ tokens }: AppConfig): TokenLists {
  return readTokenLists(tokens.lists, { parseToken, listedChain, listedStandard })
}

/** The chains by id. @throws STORE_DAMAGED and similar codes if the chain is stopped */
type ServedChains = { readonly get: (id: ChainId) => OpenChain | undefined }

/** The ledger that abc-labs serves; undefined if it is not configured. */
export function abcLedger(config: AppConfig, chains: readonly RunningChain[]): Ledger | undefined {
  return chains.find(({ config: { id } }) => id === config.dialects.abcLabs.chain)?.ledger()
}

function ledgersOf(chains: readonly RunningChain[]): readonly { chain: ChainId; ledger: LedgerHandle }[] {
  return chains.flatMap(({ config: { id }, opened }) =>
    opened?.ledger === undefined ? [] : [{ chain: id, ledger: opened.ledger }],
  )
}
