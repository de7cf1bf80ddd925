import type { ChainAdapter, FetchScope } from '../chains/adapter.ts'
import { assert } from '../core/assert.ts'
import type { Batch, BlockTransfers } from '../core/transfer.ts'
import { fetchRanges, type RangeAnswer } from './range-fetcher.ts'
import type { RangeSize } from './range-size.ts'

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
 * Longest age of the oldest uncommitted answer, in milliseconds: zero at first, then as long as the backfill had run at
 * the last commit, up to BATCH_MS. So the first answer is committed at once, and a process killed at any time keeps about half of its
 * work.
 */
export function batchMs(ranMs: number, committed: boolean): number {
  return committed ? Math.min(BATCH_MS, Math.max(MIN_BATCH_MS, ranMs)) : 0
}

type Answer = RangeAnswer<readonly BlockTransfers[]>

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
  const { adapter, scope, signal, now } = options
  const read = async (range: { readonly first: number; readonly last: number }) => {
    const blocks = await adapter.transfers({ ...range, scope }, signal)
    return { blocks, transfers: blocks.reduce((sum, block) => sum + block.transfers.length, 0) }
  }
  const gathered = new Gathered()
  const began = now()
  let since = began
  let committed = false
  let transfers = 0
  for await (const answer of fetchRanges({ ...options, read })) {
    gathered.add(answer)
    transfers += answer.transfers
    options.onAnswer?.({ block: answer.through.number, transfers })
    const isDue = now() - since >= batchMs(since - began, committed)
    if (!gathered.isFull() && !isDue) continue
    yield gathered.take()
    committed = true
    since = now()
  }
  if (!gathered.isEmpty()) yield gathered.take()
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
