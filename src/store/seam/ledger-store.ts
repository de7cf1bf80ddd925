import type { Header } from '../../core/block.ts'
import type { ChainId } from '../../core/chain.ts'
import type { Idempotency, RecordedOperation, Series } from '../../core/operation.ts'

/** The ledger's newest block, and the number of operations in each series. */
export type LedgerHead = { readonly header: Header; readonly counts: Readonly<Record<Series, number>> }

/** A pair of wallet and asset. */
export type Holding = { readonly wallet: string; readonly assetId: string }

/** The facts needed to decide on some operations. */
export type LedgerNeeds = {
  readonly assets: readonly string[]
  /** Wallets to check for existence. */
  readonly wallets: readonly string[]
  /** Wallets whose registrations are needed. */
  readonly registeredWallets: readonly string[]
  /** Balances that the operations spend from. */
  readonly holdings: readonly Holding[]
  readonly keys: readonly Idempotency[]
}

/** A registered asset as the ledger knows it. `supply`: whole tokens. */
export type AssetFacts = {
  readonly registration: RecordedOperation
  readonly minted: boolean
  readonly supply: bigint
}

/** The first use of an idempotency key, and the fingerprint of its body. */
export type KeyFacts = {
  readonly fingerprint: string
  /** The operation that the call recorded. If the call repeated a registration, that registration. */
  readonly recorded: RecordedOperation
  /** False if the call repeated a registration, so nothing changed. */
  readonly created: boolean
}

/** The requested facts, all as of one block of the ledger. Undefined means that the fact does not exist. */
export type LedgerFacts = {
  readonly head: LedgerHead
  readonly asset: (assetId: string) => AssetFacts | undefined
  /** True if the wallet is registered or took part in an operation. */
  readonly knowsWallet: (wallet: string) => boolean
  readonly registeredWallet: (wallet: string) => RecordedOperation | undefined
  /** Whole tokens; 0 if the wallet never held the asset; undefined if the balance was not requested. */
  readonly balance: (holding: Holding) => bigint | undefined
  readonly key: (key: Idempotency) => KeyFacts | undefined
}

/**
 * An accepted operation as it is written: linked to its parent and sealed, with its caller's key and that key's sealed
 * digest.
 */
export type LedgerBlock = RecordedOperation & {
  readonly parentHash: string
  readonly idempotency: (Idempotency & { readonly digest: string }) | undefined
}

/**
 * A caller's key on a call that repeated a registration. It is stored beside the ledger, which does not record the
 * repeat.
 */
export type KeyOfRepeat = { readonly idempotency: Idempotency; readonly registration: RecordedOperation }

/**
 * The clock state that the operator confirmed: the wall clock (Unix seconds) and the steady clock (seconds), and that
 * the ledger may continue from a block with the time `through`, however far ahead of the clock it is.
 */
export type AcceptedClock = { readonly wall: number; readonly steady: number; readonly through: number }

/** The decision: blocks to append in order, the amounts that must hold after them, and the result for the callers. */
export type Decided<T> = {
  readonly blocks: readonly LedgerBlock[]
  readonly repeats: readonly KeyOfRepeat[]
  readonly after: {
    /** For the requested holdings. */
    readonly balances: readonly (Holding & { readonly amount: bigint })[]
    readonly supplies: readonly { readonly assetId: string; readonly supply: bigint }[]
  }
  readonly result: T
}

/** Counters of a ledger's writer since it was opened. */
export type LedgerWrites = {
  readonly commits: number
  readonly operations: number
  /** Checkpoints of the write-ahead log. */
  readonly checkpoints: number
  /** Failed checkpoints. They lose nothing, but the log grows. */
  readonly checkpointsFailed: number
  /** The error of the last failed checkpoint. */
  readonly checkpointError: string | undefined
}

/**
 * The writer of an issuer's ledger. It has no lease: each commit reads the head inside its transaction, so several
 * processes may write one ledger, and each decides on what the others wrote.
 */
export interface LedgerJournal {
  /**
   * One transaction: reads the head and the needed facts, calls `decide` (pure, called once), and writes the returned
   * blocks and all that follows from them. The commit is on disk when this resolves. Writes nothing if `decide` returns
   * nothing to write.
   */
  commit<T>(needs: LedgerNeeds, decide: (facts: LedgerFacts) => Decided<T>): Promise<T>
  readonly writes: LedgerWrites
  /**
   * Checks that a commit is possible now. `write`: also makes a minimal write, which shows whether a full disk has
   * space again. Returns the time of the last block, in Unix seconds.
   * @throws STORE_REPLACED, STORE_FULL
   */
  probe(how: { readonly write: boolean }): Promise<number>
  /** The clock state that the operator confirmed on this machine, as of the last `probe` or of a commit that failed because of the clock. */
  acceptedClock(): AcceptedClock | undefined
  close(): Promise<void>
}

/** Selects recorded operations: numbers greater than `after`, of this asset and this wallet if given. */
export type RecordQuery = {
  readonly assetId?: string
  readonly wallet?: string
  readonly after: number
  readonly limit: number
}

/** Reads a ledger's record. Balances, holders and history come from its chain's read side. */
export interface LedgerReads {
  /** Starts a new snapshot: later reads see everything committed by now, even in this tick of the event loop. */
  renew(): void
  header(number: number): Promise<Header | undefined>
  hasWallet(wallet: string): Promise<boolean>
  /** An asset's registration and supply; undefined if it is not registered. */
  asset(assetId: string): Promise<AssetFacts | undefined>
  /** Registrations of assets, oldest first: at most `limit`, with a serial greater than `after`. */
  assets(query: { readonly after: number; readonly limit: number }): Promise<readonly RecordedOperation[]>
  /** Oldest first. */
  operations(query: RecordQuery): Promise<readonly RecordedOperation[]>
}

/** Issuers' ledgers, beside the other records: at most one per store. */
export interface LedgerRecords {
  /**
   * Opens the writer of an issuer's ledger. `genesis`: the first block of a new ledger.
   * @throws STORE_MISMATCH the store holds another ledger
   * @throws STORE_FULL the disk has no space to write
   * @throws STORE_REPLACED a ledger existed, and the store lacks it or its newest blocks
   */
  openJournal(chain: ChainId, genesis: Header): Promise<LedgerJournal>
  /** Records that the operator confirms the clock of this machine. A running server on it sees that. */
  acceptClock(accepted: AcceptedClock): Promise<void>
}

/** A block as stored. The genesis has no operation. `parentHash` is '' if the block has no parent. */
export type AuditedBlock = {
  readonly header: Header
  readonly recorded: RecordedOperation | undefined
  readonly idempotency: Idempotency | undefined
  /** The digest of the caller's key, as stored. */
  readonly keyDigest: string | undefined
}

/** A fault of a ledger. `block`: the number of the block that it concerns, if there is one. */
export type LedgerFault = { readonly block: number | undefined; readonly says: string }

/** Everything that a store holds of a ledger, in one snapshot, for an audit that trusts none of it. */
export interface LedgerAudit {
  /** Faults of the store itself: its files, as far as the engine can check them, and its tables. If there are any, read nothing else. */
  damage(): Promise<readonly LedgerFault[]>
  /** Every block in order. A row that cannot be read yields a fault. */
  blocks(): AsyncIterable<AuditedBlock | LedgerFault>
  /** Balances and supplies that are not the sums of the recorded operations; at most `limit`. */
  sums(limit: number): Promise<readonly LedgerFault[]>
  /**
   * Rows that differ from those of `replica`, a ledger of any engine that was written from the same operations; at most
   * `limit`.
   */
  differences(replica: LedgerAudit, limit: number): Promise<readonly LedgerFault[]>
  close(): Promise<void>
}
