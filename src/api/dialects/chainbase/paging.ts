/** The vendor's paging parameters. */
export type PageQuery = { readonly limit: number; readonly page: number }

/** More rows than any list has. A page further out is past the end anyway, and the store sees no larger offset. */
const MAX_OFFSET = 2 ** 31 - 1

/** Returns the number of rows before a page. */
export function offsetOf(query: PageQuery): number {
  return Math.min((query.page - 1) * query.limit, MAX_OFFSET)
}

/** Returns the number of the next page, or undefined if the page is the last one. `rows`: the rows on all pages. */
export function nextPage(query: PageQuery, rows: number): number | undefined {
  return offsetOf(query) + query.limit < rows ? query.page + 1 : undefined
}
