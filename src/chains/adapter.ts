import type { PackedBlocks } from '../bulk/raw-log/packed-blocks.ts'
import type { AccountCodec } from '../core/account.ts'
import type { AssetRef } from '../core/asset.ts'
import type { BalanceKey, UnknownReason } from '../core/balance.ts'
import type { BlockRef, FinalityRule, Header, Heads } from '../core/block.ts'
import type { ChainId, Kind } from '../core/chain.ts'
import type { Scope } from '../core/coverage.ts'
import type { Standard } from '../core/standards.ts'
import type { TlsIdentity } from '../core/tls-identity.ts'
import type { ReadTokenFacts } from '../core/token.ts'
import type { BlockTransfers } from '../core/transfer.ts'
import type { AccountReader, AdapterMemory } from './account-reader.ts'

/** One balance as the chain returned it, or why it did not. */
export type BalanceRead =
  | { readonly ok: true; readonly amount: bigint }
  | { readonly ok: false; readonly reason: UnknownReason }

/** Reads in the order of the request, all at one block. `observedAt`: Unix seconds at which we asked. */
export type BalanceReads = {
  readonly block: BlockRef
  readonly observedAt: number
  readonly reads: readonly BalanceRead[]
}

/** Facts in the order of the request, all read at `block`. */
export type TokenReads = { readonly block: BlockRef; readonly facts: readonly ReadTokenFacts[] }

/** Reads of a chain on demand. Every method stops when its signal fires (`@throws ABORTED`). */
export interface ChainReader {
  /** Headers of all blocks from `first` to `last`, in order. @throws NODE_BEHIND the node lacks one of them */
  headers(range: { readonly first: number; readonly last: number }, signal: AbortSignal): Promise<readonly Header[]>

  /**
   * Reads balances at one block: the given one, or the node's newest. One bad token never spoils the rest. `ask`: a
   * different route, for a second opinion: by the block's number, or from another node than the preferred one, if there
   * is one.
   */
  readBalances(
    request: {
      readonly keys: readonly BalanceKey[]
      readonly at: BlockRef | 'latest'
      readonly ask?: 'by_number' | 'another_node'
    },
    signal: AbortSignal,
  ): Promise<BalanceReads>

  /** Reads the facts of tokens at a block, or at the node's newest. `ask` as for balances. */
  readTokens(
    assets: readonly AssetRef[],
    signal: AbortSignal,
    how?: { readonly at: BlockRef; readonly ask?: 'another_node' },
  ): Promise<TokenReads>

  /**
   * Returns the block that contains a transaction; undefined if every node that answers has the transaction in no block.
   * @throws NODE_* no node answers; UNAVAILABLE this kind of chain does not find transactions by hash
   */
  transactionBlock(hash: string, signal: AbortSignal): Promise<BlockRef | undefined>

  /**
   * Returns when a node of this adapter first reported a head above this block, or another head with its number, in Unix
   * seconds; undefined if none did, or if that is forgotten. What is read at this block was not surely the newest after
   * that. Asks no node.
   */
  replacedAt(block: BlockRef): number | undefined

  /** Records that a node reported a head to another adapter of this chain, at a time in Unix seconds. */
  noteHead(block: BlockRef, at: number): void
}

/**
 * Which transfers to fetch: those of a coverage's scope; of accounts, perhaps only what leads above a number reveal; or of one
 * token, either the transfers of one account or the mints and burns. Addresses are canonical.
 */
export type FetchScope =
  | Scope
  | { readonly type: 'accounts'; readonly accounts: readonly string[]; readonly leadsAbove: number }
  | { readonly type: 'pair'; readonly token: string; readonly account: string }
  | { readonly type: 'mints'; readonly token: string }

/** The blocks from `first` to `last`, and which of their transfers to fetch. */
export type TransferRange = { readonly first: number; readonly last: number; readonly scope: FetchScope }

/**
 * A node has another block (`theirs`) at this number than we have (`ours`): hashes. Undefined: its chain ends below.
 */
export type Conflict = { readonly number: number; readonly theirs: string | undefined; readonly ours: string }

/**
 * `agreed`: two nodes have the other block. `refused`: no node or only one has it, and another node has ours. `alone`:
 * neither, so only another poll can decide.
 */
export type Confirmation = 'agreed' | 'refused' | 'alone'

/**
 * Follows one chain through its nodes. Every method retries temporary errors, fails over between nodes, and throws
 * NODE_* if that did not help.
 */
export interface ChainAdapter extends ChainReader {
  /** Present if nodes of this kind can be asked what an account holds. */
  readonly accounts?: AccountReader

  /**
   * The node's newest and finalized blocks at one moment.
   * @throws CHAIN_MISMATCH the node is on another chain
   */
  heads(signal: AbortSignal): Promise<Heads>

  /**
   * Asks each node once for its block at that number, to decide whether a block was replaced. A node that alone has
   * another block, while another node at that height has ours, is distrusted for a while.
   */
  confirm(conflict: Conflict, signal: AbortSignal): Promise<Confirmation>

  /**
   * Reads the transfers of a range of old blocks: each block that has some, in order, with its time.
   * @throws RANGE_TOO_LARGE with field `suggested` (number of blocks) if the node gives one
   */
  transfers(range: TransferRange, signal: AbortSignal): Promise<readonly BlockTransfers[]>

  /** As `transfers`; adds the blocks to `into`, or nothing if it throws. Present if that costs much less than objects. */
  packTransfers?(range: TransferRange, into: PackedBlocks, signal: AbortSignal): Promise<void>

  /**
   * Reads the transfers of each of these blocks, by hash; one entry per block, in order, empty ones too. `source`: the
   * node's index of logs, which is cheap (the default), or the receipts, which cost more and serve to check the index.
   * @throws NODE_BEHIND the node does not know one of them (any more)
   * @throws NODE_NO_RECEIPTS no node keeps the receipts; NODE_NO_LOGS nor returns the logs
   */
  transfersOf(
    blocks: {
      readonly headers: readonly Header[]
      readonly scope: FetchScope
      readonly source?: 'logs' | 'receipts'
    },
    signal: AbortSignal,
  ): Promise<readonly BlockTransfers[]>

  /**
   * Reports that the logs for a block lacked transfers, proven by receipts or by a fetch of another kind. The adapter
   * stops using that kind of filter on the nodes that answered for the block. Asks no node.
   */
  distrustLogs(proof: LogsProof): void
}

/** A proof that logs were left out: the block, and the scope of the request. */
export type LogsProof = { readonly block: BlockRef; readonly scope: FetchScope }

/** Counts that an adapter keeps since it was created; read by metrics. */
export type AdapterCounts = {
  /**
   * Logs of other events than requested, or malformed logs. For an event that cannot be decoded, the block has a hint.
   */
  skippedLogs: number
  /** HTTP requests to nodes. */
  calls: number
  retries: number
  /** Transfers that a node's logs left out, found and repaired. */
  omittedLogs: number
  /** Blocks whose receipts were read because their logs were doubtful, or as a sample. */
  receiptsSettled: number
  /** Answers rejected because the node had not reached the blocks, or had others. */
  laggingAnswers: number
  /** Times that a node was excluded: it was of another chain, or it refused us. */
  nodesExcluded: number
}

/** Returns counts of zero. */
export function noCounts(): AdapterCounts {
  return {
    skippedLogs: 0,
    calls: 0,
    retries: 0,
    omittedLogs: 0,
    receiptsSettled: 0,
    laggingAnswers: 0,
    nodesExcluded: 0,
  }
}

/** What an adapter needs to be made. */
export type AdapterOptions = {
  readonly chain: ChainId
  /** Node URLs in order of preference; may hold secrets. */
  readonly rpc: readonly string[]
  /** Where the finalized head is. A tag is one of the kind's. */
  readonly finality: FinalityRule
  /** Logs a warning for the operator; fields never hold secrets. */
  readonly warn: (message: string, fields: Readonly<Record<string, unknown>>) => void
  /** Called with each head that was not reported before, when a node reports it, and the time in Unix seconds. */
  readonly onHead?: (block: BlockRef, at: number) => void
  /** Longest wait for one answer of a node, in milliseconds, if the default is too long for the caller. */
  readonly timeoutMs?: number
  /** The certificate to present to the nodes. */
  readonly tls?: TlsIdentity | undefined
  /** Absent: the adapter forgets what it learned when it ends. */
  readonly memory?: AdapterMemory
}

/** What to prove, at one block: an account's balance, or the sum of an asset over all accounts. */
export type Question =
  | { readonly what: 'balance'; readonly key: BalanceKey; readonly block: BlockRef }
  | { readonly what: 'supply'; readonly asset: AssetRef; readonly block: BlockRef }

/**
 * The chain's answer to a question. `otherwise`: an equally correct amount, since tokens differ in whether their supply
 * includes the zero address. `no_archive`: no node has that block's state; `block_replaced`: no node has that block as
 * canonical.
 */
export type Proof =
  | { readonly ok: true; readonly amount: bigint; readonly otherwise?: bigint }
  | { readonly ok: false; readonly reason: UnknownReason | 'block_replaced' }

/**
 * Reads balances and supplies without sharing any encoding, decoding or multicall contract with the adapter, so that
 * checking the index does not repeat its mistakes. Both methods stop when the signal fires (`@throws ABORTED`), and
 * throw NODE_* and CHAIN_MISMATCH if no node could be asked.
 */
export interface ChainProver {
  /** Returns the node's canonical block of that number; undefined if it has none yet. */
  blockAt(number: number, signal: AbortSignal): Promise<BlockRef | undefined>
  /** Returns the chain's answers in the order of the questions, each at its own block by hash. */
  prove(questions: readonly Question[], signal: AbortSignal): Promise<readonly Proof[]>
}

/** What a prover needs to be made. */
export type ProverOptions = Pick<AdapterOptions, 'chain' | 'rpc' | 'warn' | 'timeoutMs' | 'tls' | 'memory'>

/** Everything that differs between families of chains, as data and functions. */
export type KindDefinition = {
  readonly kind: Kind
  /** CAIP-2 namespace. */
  readonly namespace: string
  /** Returns the canonical address of text in any usual form, or undefined. */
  readonly parseAddress: (text: string) => string | undefined
  /** Returns the canonical reference of a token of text in any usual form, or undefined. */
  readonly parseToken: (text: string) => string | undefined
  /** True for the reference of a chain id in its one canonical form. Undefined: any reference is. */
  readonly isReference?: (reference: string) => boolean
  readonly accountCodec: AccountCodec
  /**
   * Returns the canonical address with an index, from 0, below an extended public key. Undefined: the text is no such key, or it
   * has no such address. Absent: addresses of this kind do not follow from public keys alone.
   */
  readonly deriveAddress?: (xpub: string, index: number) => string | undefined
} & (FollowedKind | { readonly source: 'own' })

/** Chains that exist on nodes and are followed. Chains of source `own` are written only here. */
export type FollowedKind = {
  readonly source: 'nodes'
  /** Returns the canonical hash of a block or a transaction, of text with `0x` and 64 hex digits; undefined if it is none. */
  readonly parseHash: (text: string) => string | undefined
  /** Undefined: the chain has none; what pays its fees is a token. */
  readonly nativeAsset?: AssetRef
  /** The tags of a block that nodes call final, and where the finalized head is by default. */
  readonly finality: { readonly tags: readonly string[]; readonly usual: FinalityRule }
  /** True if nodes require a client certificate. */
  readonly tls?: boolean
  /** True if transfers can be fetched only of given accounts: the scope is always `accounts`, with none at first. */
  readonly isByAccount?: boolean
  /** Returns the lead that a token of a list is, as text. Undefined: this kind has no leads. */
  readonly listedLead?: (asset: AssetRef) => string
  /** Returns the chain that token lists name by this number (`chainId`). Undefined: lists name no chain of this kind. */
  readonly listedChain?: (number: number) => ChainId | undefined
  /** The standard of this kind's tokens in token lists. Undefined: that of Uniswap's lists. */
  readonly listedStandard?: Standard
  /**
   * The tokens of a chain whose events are known not to add up to their balances: they are known by reads from the start.
   * The configuration wins. Undefined: none.
   */
  readonly readsTokens?: (chain: ChainId) => readonly AssetRef[]
  /**
   * True if the transfers of a range cost the same however many blocks it has, so that a range is asked for whole. Undefined:
   * they cost more for more blocks.
   */
  readonly wholeRanges?: boolean
  /** Default pause between two polls of the head, in milliseconds. */
  readonly pollMs: number
  readonly createAdapter: (options: AdapterOptions) => {
    readonly adapter: ChainAdapter
    readonly counts: AdapterCounts
  }
  /** Undefined: balances of this kind cannot be checked against a node. */
  readonly createProver?: (options: ProverOptions) => ChainProver
  /** Asks a node once for its chain and its head. @throws NODE_* it does not answer as such nodes do, ABORTED */
  readonly identify: (options: IdentifyOptions) => Promise<IdentifiedNode>
}

/** How to ask an unknown node. */
export type IdentifyOptions = {
  readonly tls?: TlsIdentity | undefined
  readonly url: string
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** A node's chain, and the number of its newest block (`head`). */
export type IdentifiedNode = { readonly chain: ChainId; readonly head: number }
