import { setImmediate as nextTick } from 'node:timers/promises'
import type { ChainAdapter, FetchScope } from '../chains/adapter.ts'
import { type AssetRef, assetKey } from '../core/asset.ts'
import type { Header } from '../core/block.ts'
import type { Coverage, Scope } from '../core/coverage.ts'
import { isCallError, ServiceError } from '../core/errors.ts'
import type { BlockTransfers } from '../core/transfer.ts'
import { backfill } from '../indexer/backfill.ts'
import type { ChainReads, Journal, RepairMode } from '../store/seam/store.ts'

/** Blocks whose receipts are requested at once. */
const BLOCKS_AT_ONCE = 4
/**
 * Blocks collected for one repair, so that each pair's sums are recomputed once for all of them. This is about ten
 * megabytes of transfers on a busy chain. A failure loses some seconds of node work.
 */
const BLOCKS_REPAIRED_AT_ONCE = 64
/**
 * Ranges of logs that one investigation may request before others go first: at ten thousand blocks each, two million
 * blocks, some minutes of a slow node.
 */
const RANGES_OF_CASE = 200
/**
 * A resumed investigation compares at least this many of the last compared blocks again, and all that are not final: a
 * reorg may have replaced them.
 */
const COMPARED_AGAIN = 1_024
/** Most investigations whose cursor is kept. */
const MAX_SEARCHES = 1_000

/**
 * Which logs to fetch again, up to block `last`: a token's transfers from or to one account, or its mints and burns if
 * `account` is undefined.
 */
export type LogsOf = { readonly asset: AssetRef; readonly account: string | undefined; readonly last: number }

/** How many transfers a fetch of blocks changed. `proven`: the blocks came from receipts, which are complete. */
export type Fetched = { readonly transfers: number; readonly proven: boolean }

/** Repairs: how many transfers were added or removed, and in which blocks. */
export type Repairs = { readonly transfers: number; readonly blocks: readonly number[] }

/** The dependencies of a `Refetcher`. */
export type RefetchDeps = {
  readonly adapter: ChainAdapter
  readonly journal: Journal
  readonly reads: ChainReads
  readonly coverage: Coverage
  /** Monotonic milliseconds. */
  readonly now: () => number
  /** Ranges of logs per investigation, if not the default. */
  readonly ranges?: number
}

/** Blocks that are not compared yet. `first` moves up as they are compared. */
type Range = { first: number; readonly last: number }
/**
 * What an investigation still has to compare. `end`: blocks added since it began. `through`: the last block requested
 * so far.
 */
type SearchRanges = { readonly left: Range[]; end: Range | undefined; through: number }

/** Fetches logs again, and corrects the journal's transfers where they differ. */
export class Refetcher {
  readonly #deps: RefetchDeps
  readonly #ranges = new Map<string, SearchRanges>()
  #repairs: { transfers: number; blocks: number[] } = { transfers: 0, blocks: [] }

  constructor(deps: RefetchDeps) {
    this.#deps = deps
  }

  /** Returns the repairs since the last call. */
  takeRepairs(): Repairs {
    const repairs = this.#repairs
    this.#repairs = { transfers: 0, blocks: [] }
    return repairs
  }

  /**
   * Compares all logs of a pair, or all mints and burns of a token, and fetches the full blocks that differ. Returns
   * false if there are more logs than one investigation may request; the next call continues.
   * @throws BLOCK_CONFLICT the node is on another branch; NODE_*
   */
  async compareAll(logs: LogsOf, signal: AbortSignal): Promise<boolean> {
    const name = `${assetKey(logs.asset)}/${logs.account ?? ''}`
    const budget = { left: this.#deps.ranges ?? RANGES_OF_CASE }
    const ranges = await this.#searchRanges(name, logs)
    for (const range of [...ranges.left, ...(ranges.end === undefined ? [] : [ranges.end])]) {
      await this.#compare(logs, { range, budget }, signal)
      if (range.first <= range.last) return false
    }
    this.#ranges.delete(name)
    return true
  }

  /**
   * Fetches blocks by their receipts, and corrects the journal's transfers in them. `redecoded`: their logs were not
   * wrong, but are read in another way now.
   * @throws BLOCK_CONFLICT the node has another block than ours at one of the numbers, so nothing is proven; NODE_*
   */
  async fetchBlocks(numbers: readonly number[], signal: AbortSignal, how?: 'redecoded'): Promise<Fetched> {
    const { adapter, coverage } = this.#deps
    const all: Fetched[] = []
    for (let at = 0; at < numbers.length; at += BLOCKS_REPAIRED_AT_ONCE) {
      const gathered = numbers.slice(at, at + BLOCKS_REPAIRED_AT_ONCE)
      const { scope } = coverage
      const parts: Answered[] = []
      for (let next = 0; next < gathered.length; next += BLOCKS_AT_ONCE) {
        const some = gathered.slice(next, next + BLOCKS_AT_ONCE)
        const headers = await Promise.all(
          some.map((number) => adapter.headers({ first: number, last: number }, signal)),
        )
        parts.push(await this.#transfersOf(headers.flat(), signal))
      }
      all.push(await this.#repair(parts, scope, how))
    }
    return together(all)
  }

  /**
   * Like `fetchBlocks`, for all blocks of a range at once: some dozens at most.
   * @throws as `fetchBlocks`
   */
  async fetchRange(range: { readonly first: number; readonly last: number }, signal: AbortSignal): Promise<Fetched> {
    const { scope } = this.#deps.coverage
    const headers = await this.#deps.adapter.headers(range, signal)
    const parts: Answered[] = []
    for (let next = 0; next < headers.length; next += BLOCKS_AT_ONCE) {
      parts.push(await this.#transfersOf(headers.slice(next, next + BLOCKS_AT_ONCE), signal))
    }
    return this.#repair(parts, scope)
  }

  /**
   * Adds the given transfers that the journal lacks, and then fetches their blocks by their receipts: more may be missing
   * there. Returns how many transfers changed.
   * @throws as `fetchBlocks`
   */
  async addFound(blocks: readonly BlockTransfers[], signal: AbortSignal): Promise<number> {
    if (blocks.length === 0) return 0
    const before = this.#repairs.blocks.length
    // Hints are about logs that are stored already.
    const bare = blocks.map(({ number, hash, parentHash, timestamp, transfers }) => {
      return { number, hash, parentHash, timestamp, transfers }
    })
    const { transfers } = await this.#repair([{ blocks: bare, proven: false }], this.#deps.coverage.scope, 'lacking')
    const changed = this.#repairs.blocks.slice(before)
    if (changed.length === 0) return 0
    return transfers + (await this.fetchBlocks(changed, signal)).transfers
  }

  /**
   * Corrects the journal's transfers, and reports the changed blocks to the adapter, since its logs were wrong there.
   * Without receipts, transfers are only added. `scope`: what was indexed before the first of them was fetched.
   */
  async #repair(parts: readonly Answered[], scope: Scope, how?: RepairMode): Promise<Fetched> {
    const { adapter, journal, reads } = this.#deps
    const proven = parts.every((part) => part.proven)
    const blocks = parts.flatMap((part) => part.blocks)
    const { compared, inserted, removed, changed, accounts } = await journal.repair(
      blocks,
      how ?? (proven ? undefined : 'adding'),
      scope,
    )
    // What was read of them, and was equal, is compared with the journal again.
    await reads.observations.compareAgain(accounts)
    this.#repairs.transfers += inserted + removed
    this.#repairs.blocks.push(...changed.map(({ number }) => number))
    if (how !== 'redecoded') for (const block of changed) adapter.distrustLogs({ block, scope })
    if (compared < blocks.length) {
      const fields = { first: blocks[0]?.number, compared, asked: blocks.length }
      throw new ServiceError('BLOCK_CONFLICT', 'the node has other blocks than ours', { fields })
    }
    return { transfers: inserted + removed, proven }
  }

  /**
   * Returns what is still to be compared. It is kept until complete, so that a comparison resumes after its budget ran
   * out or a node failed.
   */
  async #searchRanges(name: string, logs: LogsOf): Promise<SearchRanges> {
    const known = this.#ranges.get(name)
    const ranges = known ?? { left: await this.#rangesOf(logs), end: undefined, through: logs.last }
    if (known !== undefined) {
      const { finalized } = await this.#deps.reads.clock()
      const recent = Math.min(known.through + 1, logs.last) - COMPARED_AGAIN
      const first = Math.max(this.#deps.coverage.from, Math.min(recent, (finalized?.number ?? recent) + 1))
      known.end = { first: Math.min(known.end?.first ?? first, first), last: logs.last }
      known.through = logs.last
    }
    this.#ranges.delete(name)
    this.#ranges.set(name, ranges)
    const [oldest] = this.#ranges.keys()
    if (this.#ranges.size > MAX_SEARCHES && oldest !== undefined) this.#ranges.delete(oldest)
    return ranges
  }

  /**
   * The ranges in which to search a token's logs: first from its first known block on, then before it, where its first
   * logs may be missing.
   */
  async #rangesOf({ asset, last }: LogsOf): Promise<Range[]> {
    const { coverage, reads } = this.#deps
    await nextTick()
    const first = Math.min(last, (await reads.asset(asset))?.firstBlock ?? coverage.from)
    const before = { first: coverage.from, last: first - 1 }
    return before.last < before.first ? [{ first, last }] : [{ first, last }, before]
  }

  /** Compares a range until the budget is used up. */
  async #compare(
    { asset, account }: LogsOf,
    { range, budget }: { readonly range: Range; readonly budget: { left: number } },
    signal: AbortSignal,
  ): Promise<void> {
    const { adapter, journal, now } = this.#deps
    const token = asset.reference
    const scope: FetchScope = account === undefined ? { type: 'mints', token } : { type: 'pair', token, account }
    for await (const { blocks, through } of backfill({ adapter, scope, ...range, signal, now, budget })) {
      while (range.first <= through.number) {
        const query = { asset, account, first: range.first, last: through.number, blocks }
        const differing = await journal.audits.differing(query)
        await this.fetchBlocks(differing.numbers, signal)
        range.first = differing.through + 1
        // Let the indexer write: it shares this thread.
        await nextTick()
      }
    }
  }

  /** Reads receipts, which are complete. If no node keeps receipts, reads the logs again, which prove nothing. */
  async #transfersOf(headers: readonly Header[], signal: AbortSignal): Promise<Answered> {
    const { adapter, coverage } = this.#deps
    const asked = { headers, scope: coverage.scope }
    try {
      return { blocks: await adapter.transfersOf({ ...asked, source: 'receipts' }, signal), proven: true }
    } catch (error) {
      if (!isCallError(error)) throw error
      return { blocks: await adapter.transfersOf(asked, signal), proven: false }
    }
  }
}

type Answered = { readonly blocks: readonly BlockTransfers[]; readonly proven: boolean }

function together(fetched: readonly Fetched[]): Fetched {
  const transfers = fetched.reduce((sum, one) => sum + one.transfers, 0)
  return { transfers, proven: fetched.every((one) => one.proven) }
}
