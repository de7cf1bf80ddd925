import type { Page, RowKey } from '../core/custody.ts'

/**
 * Most index rows that one page looks at, some 200 ms: a page is full unless it is the last, so that only a very long sequence of
 * unknown rows, such as those of a node that never answered, ends a page early.
 */
const MAX_LOOKED_AT = 10_000
/** Rows that are looked at together, at least: after unknown rows, others are likely to follow. */
const LOOKED_AT_ONCE = 50

/** A row of the index, and what it became: undefined if it is left out. */
export type Looked<Row> = { readonly key: RowKey; readonly row: Row | undefined }

/** Up to `limit` next rows of the index behind a key, in the direction of the walk. */
export type NextRows<Row> = (key: RowKey, limit: number) => Promise<readonly Looked<Row>[]>

/** Rows in the direction of the walk. `last`: the key of the last row, or of the last one that was looked at. `hasMore`: rows follow. */
export type Filled<Row> = {
  readonly rows: readonly Looked<Row>[]
  readonly last: RowKey | undefined
  readonly hasMore: boolean
}

/** Walks on from a key until a page is full, and one row further, to know whether rows follow. Rows that are left out do not count. */
export async function fillPage<Row>(from: RowKey, limit: number, next: NextRows<Row>): Promise<Filled<Row>> {
  const known: Looked<Row>[] = []
  let key = from
  for (let looked = 0; ; ) {
    const missing = limit + 1 - known.length
    const wanted = looked === 0 ? missing : Math.max(missing, LOOKED_AT_ONCE)
    const rows = await next(key, wanted)
    known.push(...rows.filter(({ row }) => row !== undefined))
    looked += rows.length
    const last = rows.at(-1)
    if (known.length > limit) {
      const page = known.slice(0, limit)
      return { rows: page, last: page.at(-1)?.key, hasMore: true }
    }
    if (last === undefined || rows.length < wanted)
      return { rows: known, last: last?.key ?? lastOf(known, key, from), hasMore: false }
    key = last.key
    if (looked >= MAX_LOOKED_AT) return { rows: known, last: key, hasMore: true }
  }
}

function lastOf(known: readonly Looked<unknown>[], key: RowKey, from: RowKey): RowKey | undefined {
  return known.at(-1)?.key ?? (key === from ? undefined : key)
}

/** Makes a page of what was filled in one direction. `hasBehind`: rows lie behind where the walk began. */
export function pageOf<Row>(
  filled: Filled<Row>,
  { direction, hasBehind }: { readonly direction: 'later' | 'earlier'; readonly hasBehind: boolean },
): Page<Row, RowKey> {
  const isLater = direction === 'later'
  const ordered = isLater ? filled.rows : [...filled.rows].reverse()
  const rows = ordered.flatMap(({ row }) => (row === undefined ? [] : [row]))
  const near = filled.rows[0]?.key ?? filled.last
  return {
    rows,
    first: isLater ? near : filled.last,
    last: isLater ? filled.last : near,
    hasEarlier: isLater ? hasBehind : filled.hasMore,
    hasLater: isLater ? filled.hasMore : hasBehind,
    total: undefined,
  }
}
