import type { ChainAsOf } from '../../../custody/custody.ts'
import { asOfList } from '../../http/as-of-header.ts'
import type { Meta } from './paging.ts'

const SUCCESS = { success: true, suggestion: '', message: '' } as const

/** Returns the body of one result. */
export function one<T>(result: T) {
  return { result, ...SUCCESS, meta: null }
}

/** Returns the body of a page of rows. */
export function rowsWith<T>(result: readonly T[], meta: Meta) {
  return { result, ...SUCCESS, meta }
}

/** The meta of an empty page: nothing can match. */
export function nothingFound({
  limit,
  offset,
}: {
  readonly limit: number
  readonly offset?: bigint | undefined
}): Meta {
  const isCounted = offset !== undefined
  return {
    total: isCounted ? 0n : null,
    offset: offset ?? null,
    limit: isCounted ? limit : null,
    has_more: false,
    after: null,
    before: null,
  }
}

/**
 * Returns the header `Balance-As-Of` of rows of several chains: a list of RFC 9651, an item for each chain. Undefined if
 * there are none. `now`: Unix seconds.
 */
export function asOfChains(chains: readonly ChainAsOf[], now: number): string | undefined {
  if (chains.length === 0) return undefined
  return chains.map(({ chain, asOf }) => asOfList(chain, asOf, now)).join(', ')
}
