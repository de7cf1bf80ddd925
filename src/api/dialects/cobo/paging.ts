import type { Page, PageRequest, RowKey, TransactionKey } from '../../../core/custody.ts'
import type { Issue } from '../../schema/query.ts'
import { type CursorList, type CursorSide, readCursor, writeCursor } from './cursor.ts'
import { wrongValue } from './errors.ts'

/** The paging parameters of a list. */
export type PageQuery = {
  readonly limit: number
  readonly after?: string
  readonly before?: string
  readonly offset?: bigint
}

/** How keys of rows become numbers of a cursor, and back. */
export type KeyCodec<Key> = {
  readonly length: number
  readonly write: (key: Key) => readonly number[]
  /** The numbers are whole and 0 or greater. Undefined: no key has them. */
  readonly read: (numbers: readonly number[]) => Key | undefined
}

/** Keys of wallets, addresses and balances. */
export const ROW_KEYS: KeyCodec<RowKey> = {
  length: 1,
  write: (key) => [key],
  read: ([key = 0]) => (key > 0 ? key : undefined),
}

/** Keys of transactions. */
export const TRANSACTION_KEYS: KeyCodec<TransactionKey> = {
  length: 4,
  write: ({ row, block, event, part }) => [row, block, event, part],
  read: ([row = 0, block = 0, event = 0, part = 0]) => (row > 0 ? { row, block, event, part } : undefined),
}

const BAD_CURSOR: Issue['rule'] = { is: 'value', type: 'value_error', says: 'Invalid cursor' }
const BOTH: Issue['rule'] = { is: 'value', type: 'value_error', says: 'Give either after or before' }

/**
 * Returns the page that a query asks for. A cursor wins over an offset.
 * @throws ParameterError both cursors are given, or one is not of this list, principal, filter and direction
 */
export function pageOf<Key>(query: PageQuery, list: CursorList, keys: KeyCodec<Key>): PageRequest<Key> {
  const { limit, after, before, offset } = query
  if (after !== undefined && before !== undefined) throw wrongValue('query', 'before', BOTH)
  const keyOf = (text: string, side: CursorSide): Key => {
    const numbers = readCursor(text, { list, side, length: keys.length })
    const key = numbers && keys.read(numbers)
    if (key === undefined) throw wrongValue('query', side, BAD_CURSOR)
    return key
  }
  if (after !== undefined) return { limit, after: keyOf(after, 'after') }
  if (before !== undefined) return { limit, before: keyOf(before, 'before') }
  return offset === undefined ? { limit } : { limit, offset }
}

/** What an answer tells about its page. All keys are always there. */
export type Meta = {
  readonly total: bigint | null
  readonly offset: bigint | null
  readonly limit: number | null
  readonly has_more: boolean
  readonly after: string | null
  readonly before: string | null
}

/**
 * Returns what an answer tells about its page. `has_more` is about the direction in which the caller goes. `after` is null
 * on the last page and `before` on the first one. The other three are for callers with an offset.
 */
export function metaOf<Key>(
  { first, last, hasEarlier, hasLater, total }: Omit<Page<unknown, Key>, 'rows'>,
  {
    request,
    list,
    keys,
  }: { readonly request: PageRequest<Key>; readonly list: CursorList; readonly keys: KeyCodec<Key> },
): Meta {
  const { offset } = request
  const cursor = (side: CursorSide, isThere: boolean, key: Key | undefined): string | null =>
    isThere && key !== undefined ? writeCursor(list, side, keys.write(key)) : null
  return {
    total: offset === undefined ? null : (total ?? null),
    offset: offset ?? null,
    limit: offset === undefined ? null : request.limit,
    has_more: request.before === undefined ? hasLater : hasEarlier,
    after: cursor('after', hasLater, last),
    before: cursor('before', hasEarlier, first),
  }
}
