import type { Accounting, AssetRef, Standard } from '../../core/asset.ts'
import type { BalanceKey, Observation } from '../../core/balance.ts'
import type { BlockRef, Header } from '../../core/block.ts'
import type { ChainId } from '../../core/chain.ts'
import type { Coverage } from '../../core/coverage.ts'
import type { Batch, BlockTransfers, Transfer } from '../../core/transfer.ts'
import type { AuditReads, AuditStore, Judgement, Reclassification, ReclassifyOutcome, Repaired } from './audits.ts'
import type { OnDamage } from './damage.ts'
import type { DoubtStore, Doubts } from './doubts.ts'
import type { Appended, JournalState } from './journal-state.ts'
import type { AcceptedClock, LedgerAudit, LedgerJournal, LedgerReads } from './ledger-store.ts'
import type { LifeStore } from './lives.ts'
import type { BlockPlace, HoldingReads, ObservationStore } from './observations.ts'
import type { PositionPage, PositionQuery } from './positions.ts'
import type { TokenStore } from './tokens.ts'

/**
 * The seam to the store. Every method is one whole transaction or one snapshot; none leaves anything open. All may
 * throw STORE_UNAVAILABLE. Two families: writers of one chain under a lease, and readers that see no row above the
 * published block.
 */
export interface Store {
  /**
   * Takes the lease of a chain and opens it for writing.
   * @throws LEASE_HELD another process writes it; STORE_MISMATCH what is stored was gathered under another coverage
   * @throws STORE_DAMAGED, STORE_FULL the chain's file cannot be read or written; `tell` is told of damage found later
   */
  openJournal(chain: ChainId, coverage: Coverage, tell?: OnDamage): Promise<Journal>
  /**
   * The read side of a chain, whether or not anything was written yet. `tell` is called for each damage that a read meets.
   * @throws STORE_DAMAGED, STORE_MISMATCH, STORE_FULL a file of the chain cannot be read
   */
  openReads(chain: ChainId, tell?: OnDamage): Promise<ChainReads>
  /** True where anything was indexed or read of a chain that nodes have. Looks without making anything. */
  holds(chain: ChainId): Promise<boolean>
  /**
   * Deletes all that was indexed and read of a chain that nodes have, so that it is indexed anew; nobody may have it open.
   * @throws LEASE_HELD another process writes it
   */
  forget(chain: ChainId): Promise<void>
  readonly ledgers: LedgerStore
  readonly keys: KeyStore
  close(): Promise<void>
}

/** Issuers' ledgers, in the file of what is authoritative: at most one a store. */
export interface LedgerStore {
  /**
   * The writer of an issuer's ledger, in the authoritative file; `genesis` begins a record that is not there yet.
   * @throws STORE_MISMATCH the file holds another ledger; STORE_FULL the disk has no room to write
   * @throws STORE_REPLACED a ledger existed and the file lacks it, or lacks its newest blocks
   */
  openJournal(chain: ChainId, genesis: Header): Promise<LedgerJournal>
  /** The read side of an issuer's ledger: its record, and all of it as of any chain; both see the same snapshots. */
  openReads(chain: ChainId, tell?: OnDamage): Promise<{ readonly ledger: LedgerReads; readonly chain: ChainReads }>
  /**
   * All of a ledger as it is stored, to be held against one that was written anew into another folder (`replica`).
   * @throws STORE_MISMATCH the store holds no such ledger
   */
  openAudit(chain: ChainId, replica: string): Promise<LedgerAudit>
  /** Notes that the operator confirms the clock; a running server sees it. */
  acceptClock(chain: ChainId, accepted: AcceptedClock): Promise<void>
}

/** The one writer of one chain. @throws LEASE_LOST from every method once another process took over */
export interface Journal {
  state(): Promise<JournalState>
  /**
   * Adds blocks that follow `written`, rows and `written` in one transaction; then, by a later statement, `published`.
   * @throws BLOCK_CONFLICT the batch does not link to `written`
   */
  append(batch: Batch): Promise<Appended>
  /**
   * Takes back all above `ancestor`, which we hold, or all there is, where nothing of it is final (undefined): `published`
   * first, then rows and `written` in one transaction.
   */
  rollback(ancestor: BlockRef | undefined): Promise<{ readonly transfers: number }>
  /** Moves the finalized head forward and forgets the names of blocks without transfers some way below it. */
  finalize(block: BlockRef): Promise<void>
  /**
   * Holds reads of blocks up to `written` against the journal, in order: compares where it has an amount of its own at
   * that block, else adopts what follows from the read. What is `different` or `reopened` is in doubt from then on.
   */
  adopt(observations: readonly Observation[]): Promise<readonly Judgement[]>
  /** Turns a token to `reads`: one row, whatever the token's size. It outlives a rollback, as the contract's code does. */
  reclassify(turn: Reclassification): Promise<ReclassifyOutcome>
  /**
   * Makes the transfers of these blocks, at most `written`, be exactly these: missing ones are added, others go, and all
   * that follows from them is as if they had always been so. Blocks that are not ours are left out. Tokens whose
   * transfers changed are in doubt from then on: logs of theirs were missing or wrong. `adding`: the blocks may be short
   * themselves, so nothing of ours is removed.
   */
  repair(blocks: readonly BlockTransfers[], how?: 'adding'): Promise<Repaired>
  /** Notes what the node said: its head, whether we are at it, and the state of this chain's indexer. */
  heartbeat(beat: Heartbeat): Promise<void>
  readonly audits: AuditStore
  readonly doubts: DoubtStore
  readonly lives: LifeStore
  /** Releases the lease. */
  close(): Promise<void>
}

/** What a chain's indexer is doing; `stopped` is for good, until somebody acts. */
export const CHAIN_STATES = ['starting', 'backfill', 'live', 'stopped'] as const
export type ChainState = (typeof CHAIN_STATES)[number]

/** What the indexer last saw. Times are Unix seconds. */
export type Heartbeat = {
  readonly state: ChainState
  readonly head: Header | undefined
  /** When our checkpoint was last seen to be the node's head, at this very beat. */
  readonly caughtUpAt: number | undefined
  readonly error: string | undefined
  /** Why the audit's last round failed; undefined where it did not. */
  readonly auditError?: string | undefined
  /** Counters of this indexer for metrics, by metric name. */
  readonly counts: Readonly<Record<string, number>>
}

/** What readers answer as of. Times are Unix seconds. */
export type ChainClock = {
  /** What was looked at; undefined before the chain's writer first ran. */
  readonly coverage: Coverage | undefined
  /** The account that stands for nobody, of which nothing is kept; undefined where the chain has none. */
  readonly zeroAddress: string | undefined
  readonly published: Header | undefined
  readonly finalized: BlockRef | undefined
  readonly head: Header | undefined
  readonly state: ChainState
  readonly error: string | undefined
  readonly auditError: string | undefined
  /** When the checkpoint was last seen to be the node's head. */
  readonly caughtUpAt: number | undefined
  /** True once the chain has caught up at least once. */
  readonly wasReady: boolean
  /** When the indexer last beat: an old beat is a dead indexer. */
  readonly beatAt: number | undefined
  readonly transfers: number
  /** Moves whenever what is said of committed blocks does: with each repair, each turn, and each turn that was taken back. */
  readonly revision: number
  readonly counts: Readonly<Record<string, number>>
  /** True while no sum is proven: logs of several tokens were missing, or nothing of a new chain was compared yet. */
  readonly inDoubt: boolean
  /** What is in doubt, in numbers. */
  readonly doubts: Doubts
}

/**
 * An asset as the store knows it. `id` never leaves `store`, `balances` and `tokens`. `fixed`: the configuration says its
 * accounting, and no audit turns it. `silent`: none of its balances could be read when the audit last asked. `inDoubt`:
 * the chain refuted what its events say, and that is not settled: no sum of its events is proven. An asset whose contract
 * was destroyed is one of `reads`.
 */
export type StoredAsset = {
  readonly id: number
  readonly asset: AssetRef
  readonly accounting: Accounting
  readonly fixed: boolean
  readonly firstBlock: number | undefined
  readonly silent: boolean
  readonly inDoubt: boolean
  /**
   * The contract was destroyed: its events prove balances at the end of blocks below this one only. Undefined where it was
   * not, or where events never proved them.
   */
  readonly eventsUntil: number | undefined
  /** The contract lost its code: at the end of this block it had none, until there was code again at another. */
  readonly endedAt: { readonly block: number; readonly again: number | undefined } | undefined
  /** The contract has no code. */
  readonly isGone: boolean
}

/**
 * A stored position. `amount` undefined: the sum is known but the opening is not, or the position is in doubt.
 * `inDoubt`: the chain refuted this balance, its token or the whole chain, and that is not settled.
 */
export type StoredBalance = {
  readonly assetId: number
  readonly account: string
  readonly item: string
  readonly amount: bigint | undefined
  readonly inDoubt: boolean
}

/** One page of an account's assets, in the order in which the account first met them, without those of contracts that are gone. */
export type AccountPage = {
  readonly clock: ChainClock
  /** As for `ChainReads.balances`. */
  readonly block: HeldBlock | undefined
  /** All rows that match, before paging. */
  readonly count: number
  readonly rows: readonly (StoredBalance & { readonly asset: StoredAsset })[]
  /** True where assets may be missing from the list: transfers to or from this account may lack. */
  readonly inDoubt: boolean
}

export type AccountQuery = {
  readonly account: string
  /** Only these standards. */
  readonly standards: readonly Standard[]
  /** Only assets that the account received at least once. */
  readonly receivedOnly: boolean
  /** Only these, where given. */
  readonly assets: readonly AssetRef[] | undefined
  /** As of this block: what the account had met by then, and held at its end; undefined: as of the published block. */
  readonly asOf?: number | undefined
  readonly offset: number
  readonly limit: number
}

/** Positive sums of events. `inDoubt`: one of the token's balances, the token or the chain is in doubt. */
export type HolderPage = Omit<TransferPage, 'rows'> & {
  readonly rows: readonly { readonly account: string; readonly amount: bigint }[]
}

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

/** A block that we hold: its name and time (Unix seconds). */
export type HeldBlock = BlockRef & { readonly timestamp: number }

export type StoredTransfer = Transfer & { readonly block: BlockRef; readonly timestamp: number }

export type TransferPage = {
  readonly clock: ChainClock
  readonly count: number
  readonly rows: readonly StoredTransfer[]
  /** True while transfers of the token may be missing, since it, a balance of it or the chain is in doubt. */
  readonly inDoubt: boolean
}

/** The read side of one chain. */
export interface ChainReads {
  clock(): Promise<ChainClock>
  asset(asset: AssetRef): Promise<StoredAsset | undefined>
  /**
   * Positions in the order of the keys; undefined where no row is and nothing is in doubt. All as of `clock.published`, or of the block `asOf`.
   * `block`: that block as we hold it, on the branch that the rows are of; undefined where we hold none (any more).
   */
  balances(
    keys: readonly BalanceKey[],
    asOf?: number,
  ): Promise<{
    readonly clock: ChainClock
    readonly block: HeldBlock | undefined
    readonly rows: readonly (StoredBalance | undefined)[]
  }>
  account(query: AccountQuery): Promise<AccountPage>
  /** Positive balances, greatest first, ties by account. */
  holders(query: { readonly asset: AssetRef; readonly offset: number; readonly limit: number }): Promise<HolderPage>
  transfers(query: TransferQuery): Promise<TransferPage>
  /** Where blocks lie, in their order. */
  locate(blocks: readonly BlockRef[]): Promise<readonly BlockPlace[]>
  /** All positions, page by page, each page one snapshot, all as of one block: bounded in memory and in time. */
  walk(query: PositionQuery): Promise<PositionPage>
  readonly observations: ObservationStore
  readonly holdings: HoldingReads
  readonly tokens: TokenStore
  readonly audits: AuditReads
}

/** What a key may do, least first. */
export const SCOPES = ['read', 'write', 'admin'] as const
export type KeyScope = (typeof SCOPES)[number]

/** An API key as stored: its id is public, its secret is only there as SHA-256. Times are Unix seconds. */
export type StoredKey = {
  readonly id: string
  readonly secretHash: Buffer
  readonly name: string
  readonly principal: string
  readonly scopes: readonly KeyScope[]
  readonly origins: readonly string[]
  readonly ips: readonly string[]
  readonly createdAt: number
  readonly expiresAt: number | undefined
  readonly revokedAt: number | undefined
}

/** API keys. Secrets are never stored. */
export interface KeyStore {
  put(key: StoredKey): Promise<void>
  get(id: string): Promise<StoredKey | undefined>
  /** All keys, oldest first. `usedAt`: when each was last noted as used; undefined where it never was. */
  list(): Promise<readonly (StoredKey & { readonly usedAt: number | undefined })[]>
  /** Notes when keys were last used (Unix seconds), by id. Not durable: the last notes may be lost with the machine. */
  noteUses(uses: ReadonlyMap<string, number>): Promise<void>
  /** False where no such key is. */
  revoke(id: string, at: number): Promise<boolean>
}
