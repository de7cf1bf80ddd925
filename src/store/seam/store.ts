import type { Accounting, AssetRef } from '../../core/asset.ts'
import type { BalanceKey, Observation } from '../../core/balance.ts'
import type { BlockRef } from '../../core/block.ts'
import type { ChainId } from '../../core/chain.ts'
import type { Coverage, Scope } from '../../core/coverage.ts'
import type { Soon } from '../../core/soon.ts'
import type { Standard } from '../../core/standards.ts'
import type { Batch, BlockTransfers } from '../../core/transfer.ts'
import type { RepairMode } from '../../journal/audit-outcomes.ts'
import type { AdoptionResult, AuditReads, AuditStore, Reclassification, ReclassifyOutcome, Repaired } from './audits.ts'
import type { BulkStore } from './bulk-load.ts'
import type { CallCounts } from './call-counts.ts'
import type { ChainClock, HeldBlock, StoredTransfer } from './chain-clock.ts'
import type { ComparisonRequests } from './comparison-requests.ts'
import type { CustodyStore } from './custody.ts'
import type { OnDamage } from './damage.ts'
import type { DoubtStore } from './doubts.ts'
import type { FeedReads } from './feed.ts'
import type { FollowedAccount, FollowStore } from './followed.ts'
import type { Heartbeat } from './heartbeat.ts'
import type { HistoryReads } from './history.ts'
import type { IndexerReports } from './indexer-reports.ts'
import type { Appended, JournalState } from './journal-state.ts'
import type { LearnedTexts } from './learned-texts.ts'
import type { LedgerAudit, LedgerReads, LedgerRecords } from './ledger-store.ts'
import type { LifeStore } from './lives.ts'
import type { BlockStatus, HoldingReads, ObservationStore } from './observations.ts'
import type { PairReads, ReadTrail } from './pairs.ts'
import type { PositionPage, PositionQuery } from './positions.ts'
import type { Records } from './records.ts'
import type { TokenStore } from './tokens.ts'

export type { RepairMode } from '../../journal/audit-outcomes.ts'

/**
 * The seam to the store. Every method is one whole transaction or one snapshot; none leaves anything open. All may
 * throw STORE_UNAVAILABLE. It has two families: writers of one chain under a lease, and readers that see no row above
 * the published block.
 */
export interface Store extends Records {
  /**
   * Takes the lease of a chain and opens it for writing. `tell` receives damage that is found later. The accounts of the
   * coverage are followed from the first block if the chain is new; later changes are made by `Journal.followed`.
   * @throws LEASE_HELD another process writes it
   * @throws STORE_MISMATCH the stored data has another coverage
   * @throws STORE_DAMAGED, STORE_FULL the chain's file cannot be read or written
   */
  openJournal(chain: ChainId, coverage: Coverage, tell?: OnDamage): Promise<Journal>
  /**
   * Opens the read side of a chain, whether or not anything was written yet. `tell` receives each damage that a read
   * finds.
   * @throws STORE_DAMAGED, STORE_MISMATCH, STORE_FULL a file of the chain cannot be read
   */
  openReads(chain: ChainId, tell?: OnDamage): Promise<ChainReads>
  /** True if anything was indexed or read of a chain that has nodes. Creates nothing. */
  holds(chain: ChainId): Promise<boolean>
  /**
   * Deletes everything that was indexed and read of a chain that has nodes, so that it is indexed anew. No process may
   * have it open.
   * @throws LEASE_HELD another process writes it
   */
  forget(chain: ChainId): Promise<void>
  readonly ledgers: LedgerStore
  readonly custody: CustodyStore
  readonly reports: IndexerReports
  readonly comparisons: ComparisonRequests
  readonly callCounts: CallCounts
}

/** Issuers' ledgers of a store that also reads them as chains. */
export interface LedgerStore extends LedgerRecords {
  /**
   * Opens the read side of an issuer's ledger: its record, and its balances and transfers as a chain. Both share their
   * snapshots.
   */
  openReads(chain: ChainId, tell?: OnDamage): Promise<{ readonly ledger: LedgerReads; readonly chain: ChainReads }>
  /** Opens all of a ledger as stored, in one snapshot. @throws STORE_MISMATCH the store holds no such ledger */
  openAudit(chain: ChainId): Promise<LedgerAudit>
}

/** The only writer of one chain. @throws LEASE_LOST from every method once another process took over */
export interface Journal {
  state(): Promise<JournalState>
  /**
   * Adds blocks that follow `written`. On SQLite, rows, `written` and `published` change in one transaction; in an engine
   * without such snapshots, `published` moves after the rows.
   * @throws BLOCK_CONFLICT the batch does not link to `written`
   */
  append(batch: Batch): Promise<Appended>
  /**
   * Removes all blocks above `ancestor`, which we store, or all blocks if it is undefined and none is final. As for
   * `append`, but `published` moves before the rows.
   */
  rollback(ancestor: BlockRef | undefined): Promise<{ readonly transfers: number }>
  /** Moves the finalized head forward, and deletes the hashes of blocks without transfers some way below it. */
  finalize(block: BlockRef): Promise<void>
  /**
   * Compares reads of blocks up to `written` with the journal, in order. Where the journal has no amount of its own at
   * that block, it adopts the read. A `different` or `reopened` pair is in doubt from then on.
   */
  adopt(observations: readonly Observation[]): Promise<readonly AdoptionResult[]>
  /**
   * Reclassifies a token to `reads`: one row, whatever the token's size. It survives a rollback, since the contract's
   * code does too.
   */
  reclassify(reclassification: Reclassification): Promise<ReclassifyOutcome>
  /**
   * Makes the transfers of these blocks, at most `written`, exactly these: adds missing ones, removes others, and
   * recomputes everything that follows from them. Ignores blocks that are not ours. Tokens whose transfers changed are
   * in doubt from then on, since some of their logs were missing or wrong; but not a contract of `reads` whose logs are
   * only read in another way now. `adding`: the given blocks may be incomplete, so nothing of ours is removed.
   * `lacking`: the same, and what is stored with another log index, or read in another way, is not added.
   * `redecoded`: the same, but hints that these blocks no longer give are deleted. `scope`: the scope that the blocks were
   * fetched with, if accounts may have been followed since: transfers outside it stay.
   */
  repair(blocks: readonly BlockTransfers[], how?: RepairMode, scope?: Scope): Promise<Repaired>
  /** Records the node's head, whether we are at it, and the state of this chain's indexer. */
  heartbeat(beat: Heartbeat): Promise<void>
  /** What is indexed now. In the scope `accounts`, the property `scope` has another value after each change of `followed`. */
  readonly coverage: Coverage
  readonly followed: FollowStore
  readonly audits: AuditStore
  readonly doubts: DoubtStore
  readonly lives: LifeStore
  /** Undefined if the engine cannot replace a chain's rows as a whole. */
  readonly bulk?: BulkStore
  /** Releases the lease. */
  close(): Promise<void>
}

/**
 * An asset as the store knows it. `id` never leaves `store`, `balances` and `tokens`. `fixed`: configuration sets its
 * accounting, and no audit reclassifies it. `unreadable`: none of its balances could be read when the audit
 * last asked. `inDoubt`: the chain refuted its events, and that is not resolved, so no sum of its events is proven. An
 * asset whose contract was destroyed has `reads` accounting.
 */
export type StoredAsset = {
  readonly id: number
  readonly asset: AssetRef
  readonly accounting: Accounting
  readonly fixed: boolean
  readonly firstBlock: number | undefined
  readonly unreadable: boolean
  readonly inDoubt: boolean
  /**
   * The contract was destroyed: its events prove balances only at the end of blocks below this one. Undefined if it was
   * not destroyed, or if events never proved its balances.
   */
  readonly eventsUntil: number | undefined
  /** The contract lost its code: it had none at the end of `block`. `again`: the block at which it had code again. */
  readonly endedAt: { readonly block: number; readonly again: number | undefined } | undefined
  /** The contract has no code. */
  readonly isGone: boolean
}

/**
 * A stored position. `amount` undefined: the opening is unknown, or the position is in doubt. `inDoubt`: the chain
 * refuted this balance, its token or the whole chain, and that is not resolved.
 */
export type StoredBalance = {
  readonly assetId: number
  readonly account: string
  readonly item: string
  readonly amount: bigint | undefined
  readonly inDoubt: boolean
}

/** One page of an account's assets whose contract has code, in the order in which the account first met them. */
export type AccountPage = {
  readonly clock: ChainClock
  /** As for `ChainReads.balances`. */
  readonly block: HeldBlock | undefined
  /** All matching rows, before paging. */
  readonly count: number
  readonly rows: readonly (StoredBalance & { readonly asset: StoredAsset })[]
  /** True if assets may be missing from the list, because transfers of this account may be missing. */
  readonly inDoubt: boolean
  /** True if assets may be missing from the list that no lead of the adapter reveals yet. */
  readonly mayLackTokens: boolean
}

/** Which balances of an account are listed. */
export type AccountQuery = {
  readonly account: string
  /** Only these standards. */
  readonly standards: readonly Standard[]
  /** Only assets that the account received at least once. */
  readonly receivedOnly: boolean
  /** Only these assets, if given. */
  readonly assets: readonly AssetRef[] | undefined
  /**
   * As of this block: the assets that the account had met by then, and its amounts at the end of the block. Undefined:
   * as of the published block.
   */
  readonly asOf?: number | undefined
  readonly offset: number
  readonly limit: number
}

/** Positive sums of events. `inDoubt`: one of the token's balances, the token or the chain is in doubt. */
export type HolderPage = Omit<TransferPage, 'rows'> & {
  readonly rows: readonly { readonly account: string; readonly amount: bigint }[]
}

/** Which transfers are listed. */
export type TransferQuery = {
  readonly asset: AssetRef
  readonly account: string | undefined
  readonly fromBlock: number | undefined
  readonly toBlock: number | undefined
  /** Unix seconds, inclusive. */
  readonly fromTimestamp: number | undefined
  readonly toTimestamp: number | undefined
  readonly offset: number
  readonly limit: number
}

/** A page of transfers, and the clock that it was read with. */
export type TransferPage = {
  readonly clock: ChainClock
  readonly count: number
  readonly rows: readonly StoredTransfer[]
  /** True if transfers of the token may be missing, because the token, one of its balances or the chain is in doubt. */
  readonly inDoubt: boolean
}

/** The read side of one chain. */
export interface ChainReads {
  clock(): Promise<ChainClock>
  asset(asset: AssetRef): Promise<StoredAsset | undefined>
  /** The assets that a contract was stored as, in the order of STANDARDS: several if it emits events of several standards. */
  assetsOf(reference: string): Soon<readonly StoredAsset[]>
  /**
   * Positions in the order of the keys, as of `clock.published` or of the block `asOf`; undefined if there is no row
   * and nothing is in doubt. `block`: that block as we store it, on the same branch as the rows; undefined if we do not
   * store it, or no longer. `assets`: those of the keys, from the same snapshot; undefined if never seen, and for the
   * native asset.
   */
  balances(
    keys: readonly BalanceKey[],
    asOf?: number,
  ): Soon<{
    readonly clock: ChainClock
    readonly block: HeldBlock | undefined
    readonly rows: readonly (StoredBalance | undefined)[]
    readonly assets: readonly (StoredAsset | undefined)[]
  }>
  account(query: AccountQuery): Soon<AccountPage>
  /** Positive balances, greatest first, ties by account. */
  holders(query: { readonly asset: AssetRef; readonly offset: number; readonly limit: number }): Promise<HolderPage>
  transfers(query: TransferQuery): Promise<TransferPage>
  /** Whether each block is canonical, in the order given. */
  locate(blocks: readonly BlockRef[]): Promise<readonly BlockStatus[]>
  /** All positions, page by page, all as of one block. Each page is one snapshot, bounded in memory and in time. */
  walk(query: PositionQuery): Promise<PositionPage>
  readonly observations: ObservationStore
  readonly holdings: HoldingReads
  readonly tokens: TokenStore
  readonly learned: LearnedTexts
  /** The accounts of a chain with the scope `accounts`, as far as they are stored. */
  followed(): Promise<readonly FollowedAccount[]>
  readonly audits: AuditReads
  readonly history: HistoryReads
  readonly feed: FeedReads
  readonly pairs: PairReads
  readonly trail: ReadTrail
}
