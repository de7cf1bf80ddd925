import type { ChainAdapter, FetchScope } from '../chains/adapter.ts'
import { assert } from '../core/assert.ts'
import type { Header } from '../core/block.ts'
import { isServiceError } from '../core/errors.ts'
import type { Batch, BlockTransfers } from '../core/transfer.ts'
import { afterAnswer, afterTooLarge, FIRST_RANGE_SIZE, type RangeSize } from './range-size.ts'

/** Parallel requests: enough to keep one node busy while the store writes. */
const IN_FLIGHT = 4
/** Transfers after which a batch is committed: some seconds of writing, some 20 MB in memory. */
const BATCH_TRANSFERS = 100_000
/**
 * Accounts after which a batch is committed earlier. Each account takes a few pages of its own to write, and the
 * store's log must hold all pages of one commit.
 */
const BATCH_ACCOUNTS = 70_000
/** Longest time between two commits, in milliseconds, so that a slow node's work is kept. */
const BATCH_MS = 10_000
/** Shortest time between two commits that only time causes, in milliseconds: a commit takes some milliseconds. */
const MIN_BATCH_MS = 250

/**
 * Longest age of the oldest uncommitted answer, in milliseconds: zero at first, then as long as the backfill has run,
 * up to BATCH_MS. So the first answer is committed at once, and a process killed at any time keeps about half of its
 * work.
 */
export function batchMs(ranMs: number, committed: boolean): number {
  return committed ? Math.min(BATCH_MS, Math.max(MIN_BATCH_MS, ranMs)) : 0
}

/** The answer to a range. */
type Answer = { readonly first: number; readonly through: Header; readonly blocks: readonly BlockTransfers[] }

/** Which blocks are fetched, and how. */
export type BackfillOptions = {
  readonly adapter: ChainAdapter
  readonly scope: FetchScope
  readonly first: number
  /** Last block to fetch; final, so that no reorg can change the range. */
  readonly last: number
  readonly signal: AbortSignal
  /** Monotonic milliseconds. */
  readonly now: () => number
  /**
   * Number of ranges that may still be requested, counted down. At zero the backfill ends early, at the end of a batch.
   */
  readonly budget?: { left: number }
  /** Size of the first ranges; FIRST_RANGE_SIZE if not given. */
  readonly start?: RangeSize
  /** Gets the size that was learned, when the backfill ends. */
  readonly sizes?: { last: RangeSize }
  /** Called for each answer, in order, with the last block fetched and the number of transfers so far. */
  readonly onAnswer?: (fetched: Fetched) => void
}

/** How far a backfill has fetched. The last blocks may not be committed yet. */
export type Fetched = { readonly block: number; readonly transfers: number }

/**
 * Yields the blocks from `first` to `last` as batches in order. It sends several requests in parallel, and learns how
 * many blocks to request at once.
 * @throws NODE_* if the adapter gave up; batches yielded before remain valid
 */
export async function* backfill(options: BackfillOptions): AsyncGenerator<Batch> {
  const ranges = new RangeFetcher(options)
  const waiting: Promise<readonly Answer[]>[] = []
  let next = options.first
  const gathered = new Gathered()
  const began = options.now()
  let since = began
  let committed = false
  let transfers = 0
  const asksOn = (): boolean => next <= options.last && (options.budget === undefined || options.budget.left > 0)
  try {
    while (asksOn() || waiting.length > 0) {
      while (asksOn() && waiting.length < IN_FLIGHT) {
        const last = Math.min(options.last, next + ranges.size.blocks - 1)
        waiting.push(handledLater(ranges.fetch(next, last)))
        next = last + 1
      }
      for (const answer of (await waiting.shift()) ?? []) {
        gathered.add(answer)
        transfers += transfersOf(answer)
        options.onAnswer?.({ block: answer.through.number, transfers })
        const isDue = options.now() - since >= batchMs(options.now() - began, committed)
        if (!gathered.isFull() && !isDue) continue
        yield gathered.take()
        committed = true
        since = options.now()
      }
      const finished = waiting.length === 0 && !asksOn()
      if (!gathered.isEmpty() && finished) yield gathered.take()
    }
  } finally {
    await Promise.allSettled(waiting)
    if (options.sizes !== undefined) options.sizes.last = ranges.size
  }
}

function transfersOf({ blocks }: Answer): number {
  return blocks.reduce((sum, block) => sum + block.transfers.length, 0)
}

/**
 * Marks a promise as handled until it is awaited, so that a rejection is not reported as unhandled. The awaiting code
 * still gets it.
 */
function handledLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}

/** Answers in order, collected for one batch. */
class Gathered {
  #answers: Answer[] = []
  #transfers = 0
  readonly #accounts = new Set<string>()

  add(answer: Answer): void {
    this.#answers.push(answer)
    for (const { transfers, hints = [] } of answer.blocks) {
      this.#transfers += transfers.length + hints.length
      for (const { account } of hints) this.#accounts.add(account)
      for (const { from, to } of transfers) {
        if (from !== undefined) this.#accounts.add(from)
        if (to !== undefined) this.#accounts.add(to)
      }
    }
  }

  isEmpty(): boolean {
    return this.#answers.length === 0
  }

  isFull(): boolean {
    return this.#transfers >= BATCH_TRANSFERS || this.#accounts.size >= BATCH_ACCOUNTS
  }

  take(): Batch {
    const answers = this.#answers
    this.#answers = []
    this.#transfers = 0
    this.#accounts.clear()
    return toBatch(answers)
  }
}

function toBatch(answers: readonly Answer[]): Batch {
  const first = answers[0]
  const last = answers.at(-1)
  assert(first !== undefined && last !== undefined, 'a batch has answers')
  return { first: first.first, through: last.through, blocks: answers.flatMap((answer) => answer.blocks), headers: [] }
}

class RangeFetcher {
  size: RangeSize
  readonly #options: BackfillOptions

  constructor(options: BackfillOptions) {
    this.size = options.start ?? FIRST_RANGE_SIZE
    this.#options = options
  }

  /** Fetches a range, in several answers if it is too large for the node. */
  async fetch(first: number, last: number): Promise<readonly Answer[]> {
    const { adapter, scope, signal, now, budget } = this.#options
    const started = now()
    if (budget !== undefined) budget.left--
    try {
      const [blocks, [through]] = await Promise.all([
        adapter.transfers({ first, last, scope }, signal),
        adapter.headers({ first: last, last }, signal),
      ])
      assert(through !== undefined, 'an adapter gives every header of a range or throws')
      const transfers = blocks.reduce((sum, block) => sum + block.transfers.length, 0)
      this.size = afterAnswer(this.size, { blocks: last - first + 1, transfers, ms: now() - started })
      return [{ first, through, blocks }]
    } catch (error) {
      if (!isServiceError(error) || first === last) throw error
      if (error.code !== 'RANGE_TOO_LARGE' && error.code !== 'NODE_TOO_LARGE' && error.code !== 'NODE_TIMEOUT')
        throw error
      return this.#inParts({ first, last, suggested: error.fields.suggested })
    }
  }

  async #inParts(range: { first: number; last: number; suggested: unknown }): Promise<readonly Answer[]> {
    const { first, last } = range
    const suggested = typeof range.suggested === 'number' ? range.suggested : undefined
    this.size = afterTooLarge(this.size, { blocks: last - first + 1, suggested })
    const answers: Answer[] = []
    let next = first
    while (next <= last) {
      const end = Math.min(last, next + Math.min(this.size.blocks, Math.ceil((last - first + 1) / 2)) - 1)
      answers.push(...(await this.fetch(next, end)))
      next = end + 1
    }
    return answers
  }
}
