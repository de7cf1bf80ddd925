import type { ChainAdapter } from '../chains/adapter.ts'
import { assert } from '../core/assert.ts'
import type { Header } from '../core/block.ts'
import { isServiceError } from '../core/errors.ts'
import { afterAnswer, afterTooLarge, FIRST_RANGE_SIZE, type RangeSize } from './range-size.ts'

/** Parallel requests: enough to keep one node busy while the store writes. */
const IN_FLIGHT = 4

/** The content of a range: `blocks` in whatever form they are read, and how many transfers they have. */
export type RangeContent<T> = { readonly blocks: T; readonly transfers: number }

/** The answer to a range: its first block, the header of its last, and its content. */
export type RangeAnswer<T> = RangeContent<T> & { readonly first: number; readonly through: Header }

/** Which blocks are fetched, and how. */
export type FetchOptions<T> = {
  readonly adapter: Pick<ChainAdapter, 'headers'>
  /** Reads the blocks of a range. It is called again with smaller ranges if it says that a range is too large. */
  readonly read: (range: { readonly first: number; readonly last: number }) => Promise<RangeContent<T>>
  readonly first: number
  /** Last block to fetch; final, so that no reorg can change the range. */
  readonly last: number
  readonly signal: AbortSignal
  /** Monotonic milliseconds. */
  readonly now: () => number
  /** Number of ranges that may still be requested, counted down. At zero the fetch ends early. */
  readonly budget?: { left: number } | undefined
  /** Size of the first ranges; FIRST_RANGE_SIZE if not given. */
  readonly start?: RangeSize | undefined
  /** Gets the size that was learned, when the fetch ends. */
  readonly sizes?: { last: RangeSize } | undefined
  /** Called once, when no more ranges are left to request than are in flight. */
  readonly onNearEnd?: (() => void) | undefined
}

/**
 * Yields the answers of the ranges from `first` to `last`, in order. It sends several requests in parallel, and learns how
 * many blocks to request at once.
 * @throws NODE_* if the adapter gave up; answers yielded before remain valid
 */
export async function* fetchRanges<T>(options: FetchOptions<T>): AsyncGenerator<RangeAnswer<T>> {
  const ranges = new RangeFetcher(options)
  const waiting: Promise<RangeAnswer<T> | Refused>[] = []
  let next = options.first
  let isNearEnd = false
  const asksOn = (): boolean => next <= options.last && (options.budget === undefined || options.budget.left > 0)
  try {
    while (asksOn() || waiting.length > 0) {
      while (asksOn() && waiting.length < IN_FLIGHT) {
        const last = Math.min(options.last, next + ranges.size.blocks - 1)
        waiting.push(handledLater(ranges.fetch(next, last)))
        next = last + 1
        if (isNearEnd || options.last - last > IN_FLIGHT * ranges.size.blocks) continue
        isNearEnd = true
        options.onNearEnd?.()
      }
      const answer = await waiting.shift()
      if (answer !== undefined) yield* ranges.resolve(answer)
    }
  } finally {
    await Promise.allSettled(waiting)
    if (options.sizes !== undefined) options.sizes.last = ranges.size
  }
}

/**
 * Marks a promise as handled until it is awaited, so that a rejection is not reported as unhandled. The awaiting code
 * still gets it.
 */
function handledLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}

/** A range that is too large for the node. */
type Refused = { readonly first: number; readonly last: number }

class RangeFetcher<T> {
  size: RangeSize
  readonly #options: FetchOptions<T>

  constructor(options: FetchOptions<T>) {
    this.size = options.start ?? FIRST_RANGE_SIZE
    this.#options = options
  }

  /** Fetches a range, if it is not too large. */
  async fetch(first: number, last: number): Promise<RangeAnswer<T> | Refused> {
    const { adapter, read, signal, now, budget } = this.#options
    const started = now()
    if (budget !== undefined) budget.left--
    try {
      const [{ blocks, transfers }, [through]] = await Promise.all([
        read({ first, last }),
        adapter.headers({ first: last, last }, signal),
      ])
      assert(through !== undefined, 'an adapter gives every header of a range or throws')
      this.size = afterAnswer(this.size, { blocks: last - first + 1, transfers, ms: now() - started })
      return { first, through, blocks, transfers }
    } catch (error) {
      if (!isServiceError(error) || first === last) throw error
      if (error.code !== 'RANGE_TOO_LARGE' && error.code !== 'NODE_TOO_LARGE' && error.code !== 'NODE_TIMEOUT')
        throw error
      const { suggested } = error.fields
      const useful = typeof suggested === 'number' ? suggested : undefined
      this.size = afterTooLarge(this.size, { blocks: last - first + 1, suggested: useful })
      return { first, last }
    }
  }

  /** Yields an answer, or the answers of the parts of a range that was too large. One part is fetched at a time, so few are held. */
  async *resolve(answer: RangeAnswer<T> | Refused): AsyncGenerator<RangeAnswer<T>> {
    if ('through' in answer) {
      yield answer
      return
    }
    const { first, last } = answer
    for (let next = first; next <= last; ) {
      const end = Math.min(last, next + Math.min(this.size.blocks, Math.ceil((last - first + 1) / 2)) - 1)
      yield* this.resolve(await this.fetch(next, end))
      next = end + 1
    }
  }
}
