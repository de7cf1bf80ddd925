import type { Header } from '../../core/block.ts'
import type { Idempotency, RecordedOperation, Series } from '../../core/operation.ts'

/** Where the record ends, and how many operations of each series it holds. */
export type LedgerHead = { readonly header: Header; readonly counts: Readonly<Record<Series, number>> }

/** A wallet's balance of an asset. */
export type Holding = { readonly wallet: string; readonly assetId: string }

/** What has to be known to decide some operations. */
export type LedgerNeeds = {
  readonly assets: readonly string[]
  /** Whether they are known. */
  readonly wallets: readonly string[]
  /** How they were registered. */
  readonly registeredWallets: readonly string[]
  /** What is spent from. */
  readonly holdings: readonly Holding[]
  readonly keys: readonly Idempotency[]
}

/** A registered asset as the record knows it; `supply` in whole tokens. */
export type AssetFacts = {
  readonly registration: RecordedOperation
  readonly minted: boolean
  readonly supply: bigint
}

/** What a key was first used for, and the fingerprint of its body. */
export type KeyFacts = {
  readonly fingerprint: string
  /** The operation that it was accepted as; where it repeated a registration, that one. */
  readonly recorded: RecordedOperation
  /** False where it repeated a registration, and so changed nothing. */
  readonly created: boolean
}

/** What was asked for, at one moment of the record; undefined is not there. */
export type LedgerFacts = {
  readonly head: LedgerHead
  readonly asset: (assetId: string) => AssetFacts | undefined
  /** True where the wallet is registered or took part in an operation. */
  readonly knowsWallet: (wallet: string) => boolean
  readonly registeredWallet: (wallet: string) => RecordedOperation | undefined
  /** Whole tokens, 0 where the wallet never met the asset; undefined where it was not asked for. */
  readonly balance: (holding: Holding) => bigint | undefined
  readonly key: (key: Idempotency) => KeyFacts | undefined
}

/** An accepted operation as it is written: linked, sealed, with its caller's key and the digest of it that is sealed. */
export type LedgerBlock = RecordedOperation & {
  readonly parentHash: string
  readonly idempotency: (Idempotency & { readonly digest: string }) | undefined
}

/** A caller's key on a call that repeated a registration: it is kept beside the record, which says nothing of it. */
export type KeyOfRepeat = { readonly idempotency: Idempotency; readonly registration: RecordedOperation }

/**
 * What the operator confirmed: that the clocks stood like this (Unix seconds, and seconds of the steady clock), and that
 * the record may go on from a block of the time `through`, however far ahead of the clock it is.
 */
export type AcceptedClock = { readonly wall: number; readonly steady: number; readonly through: number }

/** What came of deciding: blocks to append, in order, what must hold once they are, and what the callers are told. */
export type Decided<T> = {
  readonly blocks: readonly LedgerBlock[]
  readonly repeats: readonly KeyOfRepeat[]
  readonly after: {
    /** Of the holdings that were asked for. */
    readonly balances: readonly (Holding & { readonly amount: bigint })[]
    readonly supplies: readonly { readonly assetId: string; readonly supply: bigint }[]
  }
  readonly result: T
}

/** What a ledger's writer has done since it was opened. */
export type LedgerWrites = {
  readonly commits: number
  readonly operations: number
  /** Copies of the write-ahead log into the file. */
  readonly checkpoints: number
  /** Copies that failed: nothing is lost by it, but the log grows. */
  readonly checkpointsFailed: number
  /** Why the last one that failed did. */
  readonly checkpointError: string | undefined
}

/**
 * The writer of an issuer's ledger. It has no lease: each commit takes the record's head first, so that several
 * processes may write one record and each decides on what the others wrote.
 */
export interface LedgerJournal {
  /**
   * One transaction: takes the head, reads what is needed, lets `decide` (pure, called once) say what to append,
   * writes it with all that follows from it, and is on disk when this resolves. Nothing is written where it says
   * nothing.
   */
  commit<T>(needs: LedgerNeeds, decide: (facts: LedgerFacts) => Decided<T>): Promise<T>
  readonly writes: LedgerWrites
  /**
   * Whether a commit could be now. `write`: by writing as little as can be, which tells whether a full disk has room again.
   * @throws STORE_REPLACED, STORE_FULL
   */
  probe(how: { readonly write: boolean }): Promise<void>
  /** The time of the last block, in Unix seconds. */
  lastTime(): Promise<number>
  /** What the operator confirmed of the clock. */
  acceptedClock(): AcceptedClock | undefined
  close(): Promise<void>
}

/** Which recorded operations: numbers greater than `after`, of this asset and wallet where given. */
export type RecordQuery = {
  readonly assetId?: string
  readonly wallet?: string
  readonly after: number
  readonly limit: number
}

/** What a ledger's record says of itself; balances, holders and history are the chain's. */
export interface LedgerReads {
  /** What is read from here on sees all that was committed by now, even in this turn of the event loop. */
  renew(): void
  header(number: number): Promise<Header | undefined>
  hasWallet(wallet: string): Promise<boolean>
  /** An asset's registration with what exists of it; undefined where it is not registered. */
  asset(assetId: string): Promise<AssetFacts | undefined>
  /** Registrations of assets, oldest first: at most `limit` of those whose serial is greater than `after`. */
  assets(query: { readonly after: number; readonly limit: number }): Promise<readonly RecordedOperation[]>
  /** Oldest first. */
  operations(query: RecordQuery): Promise<readonly RecordedOperation[]>
}

/** A block as it lies in the store: the genesis has no operation. `parentHash` '' where it has none. */
export type AuditedBlock = {
  readonly header: Header
  readonly recorded: RecordedOperation | undefined
  readonly idempotency: Idempotency | undefined
  /** The digest of the caller's key, as stored. */
  readonly keyDigest: string | undefined
}

/** What is wrong with a record. `block`: the number of the block that it is about, where it is about one. */
export type LedgerFault = { readonly block: number | undefined; readonly says: string }

/** Everything that a store holds of a ledger, in one snapshot, for whoever trusts none of it. */
export interface LedgerAudit {
  /** What the engine itself finds wrong with its file. */
  damage(): readonly LedgerFault[]
  /** Every block in order; a fault instead of a row that cannot be read. */
  blocks(): Iterable<AuditedBlock | LedgerFault>
  /** Every balance as stored. */
  balances(): Iterable<(Holding & { readonly amount: bigint; readonly lastBlock: number }) | LedgerFault>
  /** What exists of each asset, as stored. */
  supplies(): Iterable<{ readonly assetId: string; readonly supply: bigint } | LedgerFault>
  /** Rows that the ledger in another folder, written from the same operations, has otherwise; at most `limit`. */
  differences(limit: number): readonly LedgerFault[]
  close(): Promise<void>
}
