import type { AccountCodec } from '../core/account.ts'
import type { AssetRef } from '../core/asset.ts'
import type { BalanceKey, UnknownReason } from '../core/balance.ts'
import type { BlockRef, Header, Heads } from '../core/block.ts'
import type { ChainId, Kind } from '../core/chain.ts'
import type { Scope } from '../core/coverage.ts'
import type { ReadTokenFacts } from '../core/token.ts'
import type { BlockTransfers } from '../core/transfer.ts'

/** One balance as the chain said it, or why it did not. */
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
  /**
   * Headers of all blocks from `first` to `last`, in order.
   * @throws NODE_BEHIND the node lacks one of them
   */
  headers(range: { readonly first: number; readonly last: number }, signal: AbortSignal): Promise<readonly Header[]>

  /**
   * Balances at one block: the one named, or the node's newest. One bad token never spoils the rest. `ask`: another way
   * than the usual one, for a second opinion: the block by its number, or another node than the preferred, where there is
   * one.
   */
  readBalances(
    request: {
      readonly keys: readonly BalanceKey[]
      readonly at: BlockRef | 'latest'
      readonly ask?: 'by_number' | 'another_node'
    },
    signal: AbortSignal,
  ): Promise<BalanceReads>

  /** What tokens say of themselves, at a block, or else at the node's newest. `ask` as of balances. */
  readTokens(
    assets: readonly AssetRef[],
    signal: AbortSignal,
    how?: { readonly at: BlockRef; readonly ask?: 'another_node' },
  ): Promise<TokenReads>

  /**
   * Since when a node has named a block above this number as its newest, in Unix seconds; undefined where none did. What is
   * known of a lower block is no newer than that. Asks no node.
   */
  namedAbove(number: number): number | undefined
}

/** What transfers are fetched: a coverage's scope; or of one token (canonical addresses) one account's, or mints and burns. */
export type FetchScope =
  | Scope
  | { readonly type: 'pair'; readonly token: string; readonly account: string }
  | { readonly type: 'mints'; readonly token: string }

/** At a number, a node has another block (`theirs`) than we hold (`ours`): hashes. */
export type Conflict = { readonly number: number; readonly theirs: string; readonly ours: string }

/**
 * `agreed`: two nodes have the other block. `refused`: no node has it, or one alone, and another one has ours. `alone`:
 * nothing of the kind, so that only another poll can tell.
 */
export type Confirmation = 'agreed' | 'refused' | 'alone'

/**
 * How the rest of Steelyard follows one chain through its nodes. Every method retries what may pass, fails over between
 * nodes, and throws NODE_* where that did not help.
 */
export interface ChainAdapter extends ChainReader {
  /**
   * The node's newest and finalized blocks at one moment.
   * @throws CHAIN_MISMATCH the node is on another chain
   */
  heads(signal: AbortSignal): Promise<Heads>

  /**
   * Whether the nodes agree that a block was replaced, each asked once for its block at that number. A node that alone
   * says so, where another that is as far has ours, is passed over for a while.
   */
  confirm(conflict: Conflict, signal: AbortSignal): Promise<Confirmation>

  /**
   * The transfers of a range of settled blocks: each block that has some, in order, with its time.
   * @throws RANGE_TOO_LARGE with field `suggested` (number of blocks) where the node gives one
   */
  transfers(
    range: { readonly first: number; readonly last: number; readonly scope: FetchScope },
    signal: AbortSignal,
  ): Promise<readonly BlockTransfers[]>

  /**
   * The transfers of each of these very blocks, asked by hash; one entry a block, in order, empty ones too. `source`:
   * the node's index of logs, which is cheap (so unless said), or the record of what each transaction did, which costs
   * more and against which the first is checked.
   * @throws NODE_BEHIND the node does not know one of them (any more)
   * @throws NODE_RPC with field `failure: no_receipts` no node keeps that record
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
   * Tells the adapter that the logs answered for a block lacked transfers, proven by receipts or by a fetch of another
   * kind. The adapter stops using that kind of filter on the nodes that answered for the block. Asks no node.
   */
  distrustLogs(proof: LogsProof): void
}

/** A proof that logs were left out: of which block, and for what scope the logs were asked. */
export type LogsProof = { readonly block: BlockRef; readonly scope: FetchScope }

/** Counts that an adapter keeps of what it saw, since it was made; read by metrics. */
export type AdapterCounts = {
  /** Logs that are none of the events that were asked for, or are no logs at all. Of an event that can't be decoded the block has a hint. */
  skippedLogs: number
  /** HTTP requests to nodes. */
  calls: number
  retries: number
  /** Transfers that a node's logs left out, found and repaired. */
  omittedLogs: number
  /** Blocks whose receipts were asked for because their logs were doubtful, or as a sample. */
  receiptsSettled: number
  /** Answers not taken because the node had not reached the blocks, or had others. */
  laggingAnswers: number
  /** Times that a node was left out as another chain's, or because it refused us. */
  nodesExcluded: number
}

/** Counts before anything was seen. */
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
  /** Where the finalized head is: the node's own tag, or so many blocks below the newest. */
  readonly finality: 'finalized' | 'safe' | { readonly confirmations: number }
  /** Called for what an operator should see; fields never hold secrets. */
  readonly warn: (message: string, fields: Readonly<Record<string, unknown>>) => void
  /** Longest wait for one answer of a node, in milliseconds, where the usual one is too long for whoever waits. */
  readonly timeoutMs?: number
}

/** What to prove, at one block: what an account holds, or how much of an asset all accounts hold together. */
export type Question =
  | { readonly what: 'balance'; readonly key: BalanceKey; readonly block: BlockRef }
  | { readonly what: 'supply'; readonly asset: AssetRef; readonly block: BlockRef }

/**
 * What the chain says to a question. `otherwise`: an amount that is as right, since tokens differ in whether their supply
 * counts what lies with nobody. `no_archive`: no node remembers that block's state; `block_replaced`: no node holds
 * that block as canonical.
 */
export type Proof =
  | { readonly ok: true; readonly amount: bigint; readonly otherwise?: bigint }
  | { readonly ok: false; readonly reason: UnknownReason | 'block_replaced' }

/**
 * The chain's own word, by a path that shares no encoding, decoding or bulk contract with the adapter's: what holds the
 * index against the chain must not repeat the index's mistakes. Both methods stop when the signal fires (`@throws
 * ABORTED`) and throw NODE_* and CHAIN_MISMATCH where nothing could be asked.
 */
export interface ChainProver {
  /** The node's canonical block of that number; undefined where it has none yet. */
  blockAt(number: number, signal: AbortSignal): Promise<BlockRef | undefined>
  /** What the chain says, in the order of the questions, each at its own block by hash. */
  prove(questions: readonly Question[], signal: AbortSignal): Promise<readonly Proof[]>
}

/** What a prover needs to be made. */
export type ProverOptions = Pick<AdapterOptions, 'chain' | 'rpc' | 'warn' | 'timeoutMs'>

/** All that differs between families of chains, as data and functions. */
export type KindDefinition = {
  readonly kind: Kind
  /** CAIP-2 namespace. */
  readonly namespace: string
  /** Canonical address of text in any usual form, or undefined. */
  readonly parseAddress: (text: string) => string | undefined
  readonly accountCodec: AccountCodec
} & (FollowedKind | { readonly source: 'own' })

/** Chains that nodes have and we follow; those of source `own` are written here and nowhere else. */
export type FollowedKind = {
  readonly source: 'nodes'
  readonly nativeAsset: AssetRef
  /** How long to wait between two polls of the head, in milliseconds, unless configured. */
  readonly pollMs: number
  readonly createAdapter: (options: AdapterOptions) => {
    readonly adapter: ChainAdapter
    readonly counts: AdapterCounts
  }
  /** Undefined: balances of this kind cannot be held against a node. */
  readonly createProver?: (options: ProverOptions) => ChainProver
  /** Asks a node once which chain it is on, and how far it is. @throws NODE_* it does not answer as such nodes do, ABORTED */
  readonly identify: (options: IdentifyOptions) => Promise<IdentifiedNode>
}

/** A node that was not asked before. */
export type IdentifyOptions = { readonly url: string; readonly timeoutMs: number; readonly signal: AbortSignal }

/** What a node says of itself; `head` is the number of its newest block. */
export type IdentifiedNode = { readonly chain: ChainId; readonly head: number }
