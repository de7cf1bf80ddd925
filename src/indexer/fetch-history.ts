import type { ChainAdapter, FetchScope } from '../chains/adapter.ts'
import { assert } from '../core/assert.ts'
import { type BlockRef, type Header, sameBlock } from '../core/block.ts'
import { ServiceError } from '../core/errors.ts'
import type { Batch, BlockTransfers } from '../core/transfer.ts'
import type { AccountHistory, AskedCoins, HistoryStored } from '../store/seam/followed.ts'
import type { Journal } from '../store/seam/store.ts'
import { backfill } from './backfill.ts'
import { FIRST_RANGE_SIZE, type RangeSize, startSize } from './range-size.ts'

/**
 * Blocks below the last written one that are fetched by their hashes. Reorgs that are deeper than this are rare enough to
 * fetch older blocks by their numbers, and to discard what was fetched if they moved meanwhile.
 */
const BY_HASH = 32
/** Ranges of blocks that one step fetches, so that new blocks do not wait for it: a few seconds. */
const RANGES_A_STEP = 8
/** Transfers that are stored in one transaction: some 500 ms. */
const MAX_STORED = 10_000

/** A history that is to be fetched. */
export type HistoryFetch = {
  readonly accounts: readonly string[]
  /** The first block that is still to be fetched. */
  readonly first: number
  /** How many leads it is searched by. */
  readonly leads: number
  /** Only what leads above this number reveal. */
  readonly leadsAbove?: number
  /** The coins of the accounts were asked for before. */
  readonly asked?: AskedCoins | undefined
  /** The accounts are not followed yet, so the newest blocks are fetched too, and a part of the way is progress. */
  readonly isNew: boolean
}

/** What the journal has: the last written block, our header chain above the finalized head, and that head's number. */
export type Reached = { readonly written: Header; readonly headers: readonly BlockRef[]; readonly finalized: number }

/** `isComplete`: the history is stored up to the last written block. */
export type Fetched = Omit<HistoryStored, 'inserted'> & { readonly isComplete: boolean }

/** The dependencies of a `HistoryFetcher`, as of the indexer. */
export type HistoryDeps = {
  readonly adapter: ChainAdapter
  readonly journal: Journal
  readonly now: () => number
  readonly wholeRanges?: boolean | undefined
}

/** Fetches histories of accounts, and stores them part by part. */
export class HistoryFetcher {
  readonly #deps: HistoryDeps
  readonly #sizes: { last: RangeSize } = { last: FIRST_RANGE_SIZE }

  constructor(deps: HistoryDeps) {
    this.#deps = deps
  }

  /**
   * Fetches and stores the next part of a history. The chain must not be written meanwhile.
   * @throws BLOCK_CONFLICT the node's blocks are not ours (any more); NODE_*
   */
  async fetch(history: HistoryFetch, reached: Reached, signal: AbortSignal): Promise<Fetched> {
    const { written, finalized } = reached
    const parts: HistoryStored[] = []
    const last = Math.max(finalized, written.number - BY_HASH)
    let { first } = history
    for await (const batch of this.#ranges(history, { first, last, reached }, signal)) {
      const isLast = batch.through.number === last
      parts.push(...(await this.#store({ ...history, first }, batch, { isLast, leads: history.leads })))
      first = batch.through.number + 1
    }
    if (first <= last) return { isComplete: false, ...together(parts) }
    if (!history.isNew && history.first > last) {
      // All blocks were read whole, so the leads reveal nothing more.
      const { accounts, leads, asked } = history
      const part = { accounts, first, through: ref(written), blocks: [], leads }
      await this.#deps.journal.followed.follow(withAsked(part, asked))
    }
    if (history.isNew && first <= written.number) {
      parts.push(await this.#fetchByHash({ ...history, first }, reached, signal))
    }
    return { isComplete: true, ...together(parts) }
  }

  async *#ranges(
    { accounts, leadsAbove, isNew }: HistoryFetch,
    { first, last, reached }: { readonly first: number; readonly last: number; readonly reached: Reached },
    signal: AbortSignal,
  ): AsyncGenerator<Batch> {
    if (first > last) return
    const { adapter, now, wholeRanges } = this.#deps
    const all = { type: 'accounts', accounts } as const
    const scope: FetchScope = leadsAbove === undefined ? all : { ...all, leadsAbove }
    const limited = isNew ? { budget: { left: RANGES_A_STEP } } : {}
    const { last: start } = wholeRanges === true ? { last: startSize({ first, last }, true) } : this.#sizes
    for await (const batch of backfill({
      adapter,
      scope,
      first,
      last,
      signal,
      now,
      start,
      sizes: this.#sizes,
      ...limited,
    })) {
      if (batch.through.number > reached.finalized) await this.#mustHold(batch.through.number, reached, signal)
      yield batch
    }
  }

  /**
   * Checks that a node still has our block at a number that is not final. A block names its parent, so what was fetched
   * below it is of our branch.
   */
  async #mustHold(number: number, { headers }: Reached, signal: AbortSignal): Promise<void> {
    const ours = headers.find((header) => header.number === number)
    const [theirs] = await this.#deps.adapter.headers({ first: number, last: number }, signal)
    if (ours !== undefined && theirs !== undefined && sameBlock(ours, theirs)) return
    throw notOurs(number)
  }

  /** Stores a batch in several transactions if it is large. */
  async #store(
    { accounts, first, asked, leadsAbove, isNew }: HistoryFetch,
    batch: Batch,
    { isLast, leads }: { readonly isLast: boolean; readonly leads: number },
  ): Promise<readonly HistoryStored[]> {
    const all: HistoryStored[] = []
    const parts = inParts(batch.blocks)
    let start = first
    for (const [index, blocks] of parts.entries()) {
      const isEnd = index === parts.length - 1
      const through = isEnd ? batch.through : blocks.at(-1)
      assert(through !== undefined, 'a part before the last one has blocks')
      // Accounts that are followed have searched by the leads only once the last part is stored.
      const isWhole = isLast && isEnd
      const searched = leadsAbove === undefined || isWhole ? leads : leadsAbove
      const part = { accounts, first: start, through: ref(through), blocks, leads: searched }
      all.push(await this.#deps.journal.followed.follow(withAsked(part, isNew || isWhole ? asked : undefined)))
      start = through.number + 1
    }
    return all
  }

  async #fetchByHash(
    { accounts, first, leads, asked }: HistoryFetch,
    { written }: Reached,
    signal: AbortSignal,
  ): Promise<HistoryStored> {
    const { adapter, journal } = this.#deps
    const headers = await adapter.headers({ first, last: written.number }, signal)
    const newest = headers.at(-1)
    if (newest === undefined || !sameBlock(newest, written)) throw notOurs(written.number)
    const scope: FetchScope = { type: 'accounts', accounts }
    const blocks = await adapter.transfersOf({ headers, scope }, signal)
    const part = { accounts, first, through: ref(written), blocks, leads }
    return journal.followed.follow(withAsked(part, asked))
  }
}

function together(parts: readonly HistoryStored[]): Omit<HistoryStored, 'inserted'> {
  return {
    touched: parts.flatMap((part) => part.touched),
    accounts: [...new Set(parts.flatMap((part) => part.accounts))],
  }
}

function withAsked(part: AccountHistory, asked: AskedCoins | undefined): AccountHistory {
  return asked === undefined ? part : { ...part, asked }
}

function notOurs(block: number): ServiceError {
  return new ServiceError('BLOCK_CONFLICT', `block ${block} is not ours on the node`, { fields: { block } })
}

function ref({ number, hash }: BlockRef): BlockRef {
  return { number, hash }
}

/** Blocks in parts with about as many transfers as one transaction stores; at least one part. */
function inParts(blocks: readonly BlockTransfers[]): readonly (readonly BlockTransfers[])[] {
  const parts: BlockTransfers[][] = [[]]
  let transfers = 0
  for (const block of blocks) {
    if (transfers >= MAX_STORED) {
      parts.push([])
      transfers = 0
    }
    parts.at(-1)?.push(block)
    transfers += block.transfers.length
  }
  return parts
}
