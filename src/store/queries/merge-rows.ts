import { DamagedValue } from '../../journal/damaged-value.ts'
import type { Row } from '../rows/columns.ts'

/** Rows in the order of a key, which is their first values, page by page. */
export type Pages = AsyncIterable<readonly Row[]>

/**
 * What is done with rows of two lists: those with the same key meet one by one, and one whose key the other list lacks, or has
 * less often, comes alone. It returns false if no more rows are wanted. `width`: how many values are the key.
 */
export type Meeting = {
  readonly width: number
  readonly meet: (left: Row | undefined, right: Row | undefined) => boolean
}

/** Merges two lists of rows. It waits once a page, not once a row. */
export async function mergeRows(left: Pages, right: Pages, { width, meet }: Meeting): Promise<void> {
  const [one, other] = [new Reading(left), new Reading(right)]
  try {
    await one.fill()
    await other.fill()
    for (;;) {
      const [a, b] = [one.row, other.row]
      if (a === undefined && b === undefined) return
      const order = a === undefined ? 1 : b === undefined ? -1 : compareKeys(a, b, width)
      if (!meet(order <= 0 ? a : undefined, order >= 0 ? b : undefined)) return
      if (order <= 0 && !one.advance()) await one.fill()
      if (order >= 0 && !other.advance()) await other.fill()
    }
  } finally {
    await one.end()
    await other.end()
  }
}

/** Where the reading of a list of rows is. */
class Reading {
  readonly #pages: AsyncIterator<readonly Row[]>
  #page: readonly Row[] = []
  #at = 0

  constructor(pages: Pages) {
    this.#pages = pages[Symbol.asyncIterator]()
  }

  /** The present row; undefined at the end. */
  get row(): Row | undefined {
    return this.#page[this.#at]
  }

  /** Moves to the next row. Returns false if it is of the next page, which `fill` reads. */
  advance(): boolean {
    this.#at += 1
    return this.#at < this.#page.length
  }

  async fill(): Promise<void> {
    do {
      const next = await this.#pages.next()
      this.#at = 0
      this.#page = next.done === true ? [] : next.value
      if (next.done === true) return
    } while (this.#page.length === 0)
  }

  async end(): Promise<void> {
    await this.#pages.return?.()
  }
}

/** True if two rows have the same values. */
export function isSameRow(one: Row, other: Row): boolean {
  return one.length === other.length && one.every((value, index) => isSameValue(value, other[index]))
}

/** Compares the first `width` values of two rows as engines sort them: text by its bytes in UTF-8. */
export function compareKeys(one: Row, other: Row, width: number): number {
  for (let at = 0; at < width; at++) {
    const [a, b] = [one[at], other[at]]
    if (isSameValue(a, b)) continue
    if (typeof a === 'number' && typeof b === 'number') return a - b
    return Buffer.compare(bytesOf(a), bytesOf(b))
  }
  return 0
}

/** True if two stored values are equal. */
export function isSameValue(a: unknown, b: unknown): boolean {
  return a === b || (Buffer.isBuffer(a) && Buffer.isBuffer(b) && a.equals(b))
}

function bytesOf(value: unknown): Buffer {
  if (Buffer.isBuffer(value)) return value
  if (typeof value === 'string') return Buffer.from(value)
  throw new DamagedValue(`a stored key is of another type: ${typeof value}`)
}
