import type { Page, PageRequest, RowKey } from '../../../core/custody.ts'
import type { Query } from '../query.ts'
import { mustBeLimit } from './names.ts'

/** A row with its key, as a list reads it. */
export type Keyed<Row> = { readonly key: RowKey; readonly row: Row }

/** How a list is read: rows above a key, ascending; below a key, descending; how many there are, and from an offset on. */
export type PageSource<Row> = {
  readonly after: (key: RowKey, limit: number) => Query<readonly Keyed<Row>[]>
  readonly before: (key: RowKey, limit: number) => Query<readonly Keyed<Row>[]>
  readonly total: () => Query<number>
  readonly from: (offset: number, limit: number) => Query<readonly Keyed<Row>[]>
}

/** Reads a page of a list that is ordered by keys, in the caller's snapshot. */
export function* readPage<Row>(page: PageRequest<RowKey>, source: PageSource<Row>): Query<Page<Row, RowKey>> {
  mustBeLimit(page.limit)
  const wanted = page.limit + 1
  if (page.before !== undefined) {
    const found = yield* source.before(page.before, wanted)
    const rows = found.slice(0, page.limit).reverse()
    return pageOf(rows, {
      hasEarlier: found.length > page.limit,
      hasLater: (yield* source.after((rows.at(-1)?.key ?? page.before) - (rows.length === 0 ? 1 : 0), 1)).length > 0,
    })
  }
  if (page.offset !== undefined) {
    const total = yield* source.total()
    // An offset of any size is allowed, and never reaches SQL beyond the number of rows.
    const found = page.offset >= BigInt(total) ? [] : yield* source.from(Number(page.offset), wanted)
    const ends = { hasEarlier: page.offset > 0n && total > 0, hasLater: found.length > page.limit }
    return { ...pageOf(found.slice(0, page.limit), ends), total: BigInt(total) }
  }
  const found = yield* source.after(page.after ?? 0, wanted)
  const rows = found.slice(0, page.limit)
  const first = rows[0]?.key ?? (page.after ?? 0) + 1
  const hasEarlier = page.after !== undefined && (yield* source.before(first, 1)).length > 0
  return pageOf(rows, { hasEarlier, hasLater: found.length > page.limit })
}

function pageOf<Row>(
  rows: readonly Keyed<Row>[],
  ends: { readonly hasEarlier: boolean; readonly hasLater: boolean },
): Page<Row, RowKey> {
  return { rows: rows.map(({ row }) => row), first: rows[0]?.key, last: rows.at(-1)?.key, ...ends, total: undefined }
}
