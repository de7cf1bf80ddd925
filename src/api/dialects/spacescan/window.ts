import type { Static } from 'typebox'
import type { Balances } from '../../../balances/balances.ts'
import { ServiceError } from '../../../core/errors.ts'
import type { WindowQuery } from './schema.ts'

type Query = Static<typeof WindowQuery>
type Coin = Awaited<ReturnType<Balances['coins']>>['coins'][number]

/** When coins were received: by the number or the time (Unix seconds) of their block, both ends inclusive. */
export type Window = { readonly by: 'confirmed' | 'timestamp'; readonly first: number; readonly last: number }

/**
 * Returns the window that the query names; undefined if it names none. Its ends may come in either order, as the
 * vendor's do.
 * @throws PARAMETER_INVALID one end is missing, or blocks and times are mixed
 */
export function windowOf(query: Query): Window | undefined {
  const blocks = pairOf(query, 'block')
  const times = pairOf(query, 'timestamp')
  if (blocks === undefined || times === undefined) {
    const ends = blocks ?? times
    return ends && { by: blocks === undefined ? 'timestamp' : 'confirmed', ...ends }
  }
  throw new ServiceError('PARAMETER_INVALID', 'Blocks and timestamps cannot be combined')
}

function pairOf(query: Query, unit: 'block' | 'timestamp'): Omit<Window, 'by'> | undefined {
  const [start, end] = [query[`start_${unit}`], query[`end_${unit}`]]
  if (start === undefined && end === undefined) return undefined
  if (start !== undefined && end !== undefined) return { first: Math.min(start, end), last: Math.max(start, end) }
  throw new ServiceError('PARAMETER_INVALID', `start_${unit} and end_${unit} must be given together`)
}

/** The coins that were received in a window; all of them if there is none. */
export function receivedIn(coins: readonly Coin[], window: Window | undefined): readonly Coin[] {
  if (window === undefined) return coins
  const { by, first, last } = window
  return coins.filter((coin) => coin[by] >= first && coin[by] <= last)
}
