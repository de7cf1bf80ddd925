import { DamagedValue } from '../../journal/damaged-value.ts'
import type { Row } from '../rows/columns.ts'

/** Rows of two lists with the same key, or one of them. */
export type Merged = { readonly left: Row | undefined; readonly right: Row | undefined }

/**
 * Merges two lists of rows that are in the order of their first `width` columns, the key. Rows with equal keys meet one by one:
 * if one list has more of them, the rest of it stays alone.
 */
export async function* mergeRows(
  left: AsyncIterator<Row>,
  right: AsyncIterator<Row>,
  width: number,
): AsyncGenerator<Merged, void> {
  try {
    let [one, other] = [await nextOf(left), await nextOf(right)]
    while (one !== undefined || other !== undefined) {
      const order = one === undefined ? 1 : other === undefined ? -1 : compareKeys(one, other, width)
      yield { left: order <= 0 ? one : undefined, right: order >= 0 ? other : undefined }
      if (order <= 0) one = await nextOf(left)
      if (order >= 0) other = await nextOf(right)
    }
  } finally {
    await left.return?.()
    await right.return?.()
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

async function nextOf(rows: AsyncIterator<Row>): Promise<Row | undefined> {
  const next = await rows.next()
  return next.done === true ? undefined : next.value
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
