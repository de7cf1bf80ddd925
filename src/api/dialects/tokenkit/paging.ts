import type { FastifyRequest } from 'fastify'
import { ServiceError } from '../../../core/errors.ts'
import { originOfServer } from '../../http/origin.ts'

/** Most rows that pages can reach. The store walks over the rows before a page: about 0.1 s for this many. */
const MAX_ROWS = 1_000_000

/** Returns how many rows come before a page. @throws PARAMETER_INVALID the page is beyond the rows that can be listed */
export function offsetOf({ page, limit }: { readonly page: number; readonly limit: number }): number {
  const offset = (page - 1) * limit
  if (offset < MAX_ROWS) return offset
  throw new ServiceError('PARAMETER_INVALID', `page: Only the first ${MAX_ROWS} rows can be listed.`)
}

/** Returns the query of another page, with the other parameters of the request: `?page=2&limit=5`. */
export function pageLink({ url }: Pick<FastifyRequest, 'url'>, page: number): string {
  const start = url.indexOf('?')
  const query = new URLSearchParams(start === -1 ? '' : url.slice(start))
  query.set('page', String(page))
  return `?${query}`
}

/** Returns the absolute URL of another page. */
export function pageUrl(request: Pick<FastifyRequest, 'url' | 'protocol' | 'host'>, page: number): string {
  const [path = ''] = request.url.split('?')
  return originOfServer(request) + path + pageLink(request, page)
}
