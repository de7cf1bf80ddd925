import type { RpcCall } from '../../../net/json-rpc.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { garbage } from '../words/faults.ts'
import { fieldIn } from '../words/records.ts'

/** Most pages of one answer, so that an endpoint whose pages never end is given up. */
const MAX_PAGES = 10_000

/**
 * Follows an answer in pages to its end, as endpoints that are compatible with coinset.org give it: `truncated` and
 * `next_cursor`, which the next request names as `cursor`. Returns all pages, the given one first.
 * @throws NODE_GARBAGE a page that is not the last names no cursor, or one that was there before; NODE_*
 */
export async function readPages(session: RpcSession, call: RpcCall, first: unknown): Promise<readonly unknown[]> {
  const pages = [first]
  const cursors = new Set<string>()
  for (let page = first; fieldIn(page, 'truncated') === true; ) {
    const cursor = fieldIn(page, 'next_cursor')
    if (typeof cursor !== 'string' || cursor === '')
      throw garbage('a part of a list without the cursor of the next part')
    if (cursors.has(cursor) || cursors.size >= MAX_PAGES) throw garbage('parts of a list that repeat')
    cursors.add(cursor)
    page = await session.call({ method: call.method, params: { ...call.params, cursor } })
    pages.push(page)
  }
  return pages
}
