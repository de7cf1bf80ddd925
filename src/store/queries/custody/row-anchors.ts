import type { RowKey } from '../../../core/custody.ts'
import { mustBeOurs } from '../../../journal/damaged-value.ts'
import type { Query } from '../query.ts'

/** Rows between two anchors: what an offset skips and a count adds up, at most, in less than a millisecond. */
const STEP = 4_096
/** Most lists whose anchors are kept, each with 2 kB for a million rows. */
const MAX_LISTS = 500

/** A list whose rows are only added, each with a key above those of all earlier rows. */
export type CountedList = {
  readonly name: string
  /** How many rows lie above a key. */
  readonly countAfter: (key: RowKey) => Query<number>
  /** The key of the row with this index, from 0, above a key; undefined if there is none. */
  readonly keyAt: (key: RowKey, index: number) => Query<RowKey | undefined>
}

/**
 * Counts rows and finds them by their number. It keeps the key of every 4,096th row of a list: rows are never removed, so only the
 * first question for a long list costs as much as all its rows.
 */
export class RowAnchors {
  readonly #lists = new Map<string, RowKey[]>()

  count(list: CountedList): Query<number> {
    return countFrom(list, this.#anchorsOf(list))
  }

  /** The key of the row with this index, from 0. It must exist. */
  *keyAt(list: CountedList, index: number): Query<RowKey> {
    const anchors = yield* this.#anchorsOf(list)
    const passed = Math.min(anchors.length, Math.floor(index / STEP))
    const key = yield* list.keyAt(anchors[passed - 1] ?? 0, index - passed * STEP)
    mustBeOurs(key !== undefined, 'a row that was counted is there')
    return key
  }

  /** The keys of the rows 4,096, 8,192 and so on, as far as there are such rows now. */
  *#anchorsOf(list: CountedList): Query<readonly RowKey[]> {
    const known = this.#lists.get(list.name) ?? []
    // A copy: another query may look for the same ones meanwhile.
    const anchors = [...known]
    if (anchors.length === 0 && this.#lists.size >= MAX_LISTS) this.#lists.clear()
    for (;;) {
      const next = yield* list.keyAt(anchors.at(-1) ?? 0, STEP - 1)
      if (next === undefined) break
      anchors.push(next)
    }
    if (anchors.length > known.length || known.length === 0) this.#lists.set(list.name, anchors)
    return anchors
  }
}

function* countFrom(list: CountedList, found: Query<readonly RowKey[]>): Query<number> {
  const anchors = yield* found
  return anchors.length * STEP + (yield* list.countAfter(anchors.at(-1) ?? 0))
}
