/** What the vendor's paging asks for. */
export type PageQuery = { readonly limit: number; readonly page: number }

/** Beyond any list: a page that lies further out is past the end all the same, and no store sees a larger offset. */
const MAX_OFFSET = 2 ** 31 - 1

/** How many rows come before a page. */
export function offsetOf(query: PageQuery): number {
  return Math.min((query.page - 1) * query.limit, MAX_OFFSET)
}

/** The number of the next page where `rows` (of all pages) go on after this one. */
export function nextPage(query: PageQuery, rows: number): number | undefined {
  return offsetOf(query) + query.limit < rows ? query.page + 1 : undefined
}
