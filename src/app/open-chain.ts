/**
 * Part of the composition root: opens one configured chain with its reads, and with its writer if it is written here.
 */
import { AccountCoins } from '../balances/account-coins.ts'
import { ChainBalances } from '../balances/chain-balances.ts'
import { ChainFunds } from '../balances/chain-funds.ts'
import { ChainHistory } from '../balances/chain-history.ts'
import { CoinLists } from '../balances/coin-lists.ts'
import { NodeReader, type OnAbsent } from '../balances/node-reader.ts'
import type { AccountReader } from '../chains/account-reader.ts'
import type { ChainReader, FollowedKind, KindDefinition } from '../chains/adapter.ts'
import type { ChainConfig } from '../config/chains.ts'
import type { BalanceKey } from '../core/balance.ts'
import { isServiceError } from '../core/errors.ts'
import type { Standard } from '../core/standards.ts'
import { createOwnReader } from '../ledger/own-reader.ts'
import type { OnDamage } from '../store/seam/damage.ts'
import type { ChainReads, Store } from '../store/seam/store.ts'
import type { Logger } from './log.ts'
import { readTls } from './read-tls.ts'
import { requestFollowing } from './request-following.ts'
import { type LedgerHandle, LOOK_MS, startLedger } from './start-ledger.ts'

/**
 * How long an API caller waits for one of several nodes, in milliseconds. It is less than half of the 5 s that a read
 * may take, so that a second node is asked if the first one hangs. A single node may use all 5 s.
 */
const NODE_TIMEOUT_MS = 2_000

/** A chain as served. `ledger`: its writer, if the chain is written here. */
export type OpenChain = {
  readonly config: ChainConfig
  readonly kind: KindDefinition
  readonly reads: ChainReads
  readonly reader: ChainReader
  readonly balances: ChainBalances
  readonly history: ChainHistory
  readonly funds: ChainFunds
  /** Requests that an account be followed, if the chain follows accounts. Never throws. */
  readonly follow: (account: string) => void
  readonly ledger: LedgerHandle | undefined
}

/** The dependencies of an open chain. `signal`: ends open reads. */
export type ChainDeps = {
  readonly chain: ChainConfig
  readonly kind: KindDefinition
  readonly store: Store
  readonly log: Logger
  readonly signal: AbortSignal
  /** Called when a read of the served chain finds damage. */
  readonly onDamage?: OnDamage
  /** Called with a balance of a known token if a read for a caller found no code at the token's contract. */
  readonly onEnded?: (key: BalanceKey) => void
  readonly now: () => number
  readonly ledgers: {
    /** The store's URL for the ledger's own thread. */
    readonly storeUrl: string
    readonly strictWallets: boolean
    readonly slowCommitMs: number
  }
}

/** Opens a chain for reading, and a ledger also for writing. @throws STORE_UNAVAILABLE, STORE_MISMATCH */
export function openChain(deps: ChainDeps): Promise<OpenChain> {
  const { kind } = deps
  return kind.source === 'nodes' ? openFollowed(deps, kind) : openOwn(deps)
}

async function openFollowed(deps: ChainDeps, { createAdapter }: FollowedKind): Promise<OpenChain> {
  const { chain, store, log } = deps
  const reads = await store.openReads(chain.id, deps.onDamage)
  const { adapter } = createAdapter({
    chain: chain.id,
    rpc: chain.rpc,
    finality: chain.finality,
    tls: readTls(chain),
    ...(chain.rpc.length > 1 ? { timeoutMs: NODE_TIMEOUT_MS } : {}),
    warn: (message, fields) => log.warn({ ...fields, chain: chain.id }, message),
    memory: reads.learned,
  })
  return withBalances(deps, {
    reads,
    reader: adapter,
    ledger: undefined,
    issues: undefined,
    accounts: adapter.accounts,
  })
}

async function openOwn(deps: ChainDeps): Promise<OpenChain> {
  const { chain, store, log, ledgers } = deps
  const { ledger: record, chain: reads } = await store.ledgers.openReads(chain.id, deps.onDamage)
  const { storeUrl, strictWallets, slowCommitMs } = ledgers
  const data = { store: storeUrl, chain: chain.id, rules: { strictWallets }, slowCommitMs, lookMs: LOOK_MS }
  const ledger = await startLedger({ data, reads: record, log, onDamage: deps.onDamage })
  const reader = createOwnReader({ ledger: record, chain: reads })
  return withBalances(deps, { reads, reader, ledger, issues: 'ledger', accounts: undefined })
}

type Opened = Pick<OpenChain, 'reads' | 'reader' | 'ledger'> & {
  readonly issues: Standard | undefined
  readonly accounts: AccountReader | undefined
}

function withBalances(chainDeps: ChainDeps, { issues, accounts, ...opened }: Opened): OpenChain {
  const { chain, kind, store, log, signal, now, onEnded } = chainDeps
  const { reads, reader } = opened
  const onAbsent = onEnded === undefined ? {} : { onAbsent: withEndReports(reads, onEnded) }
  const node = new NodeReader({ adapter: reader, observations: reads.observations, signal, ...onAbsent })
  const { servePartial } = chain
  const follow = requestFollowing({ chain, requests: store.followRequests, log, now })
  const coinLists = accounts && coinListsOf(chainDeps, { accounts, reads, node, follow })
  const deps = { reads, node, now, issues, servePartial, coinLists }
  return {
    ...opened,
    config: chain,
    kind,
    balances: new ChainBalances(deps),
    history: new ChainHistory(deps),
    funds: new ChainFunds(deps),
    follow,
  }
}

/** What answers accounts that are not followed yet. */
function coinListsOf(
  { signal, now }: ChainDeps,
  {
    accounts,
    reads,
    node,
    follow,
  }: { readonly accounts: AccountReader; readonly node: NodeReader } & Pick<OpenChain, 'reads' | 'follow'>,
): CoinLists {
  return new CoinLists({
    reads,
    coins: new AccountCoins({ reader: accounts, reads, signal }),
    now,
    replacedAt: (block) => node.replacedAt(block),
    follow,
  })
}

/**
 * Most contracts remembered as reported, each at one block, so that repeated requests cause no repeated investigation.
 */
const MAX_TOLD = 1_000

/** Reports only balances of known tokens: anyone may ask for the balance of an address without a contract. */
function withEndReports(reads: ChainReads, onEnded: (key: BalanceKey) => void): OnAbsent {
  const told = new Set<string>()
  return (key, block) => {
    const name = `${key.asset.reference}/${block.hash}`
    if (told.has(name)) return
    if (told.size >= MAX_TOLD) told.clear()
    told.add(name)
    reads.asset(key.asset).then(
      (stored) => {
        if (stored !== undefined && !stored.isGone) onEnded(key)
      },
      (error: unknown) => {
        // If the store cannot be read, the caller's own call already reports it.
        if (!isServiceError(error)) throw error
      },
    )
  }
}
