import type { PageRequest, RowKey } from '../core/custody.ts'
import type { MemberFilter, MemberStore } from '../store/seam/custody.ts'
import type { CustodyChain, CustodyChains } from './chains.ts'
import { ifOpen } from './chains.ts'
import type { BalancePage, Custody, CustodyBalance, CustodyFilter } from './custody.ts'
import { fillPage, type Looked, pageOf } from './fill-page.ts'
import type { Membership } from './membership.ts'
import type { Refresher } from './refresher.ts'
import { Guarantees, type RowMaker } from './rows.ts'
import type { WatchedAddresses } from './watched-addresses.ts'

/** The dependencies of `createBalancePages`. */
export type BalancePageDeps = {
  readonly members: MemberStore
  readonly chains: CustodyChains
  readonly watched: WatchedAddresses
  readonly membership: Membership
  readonly refresher: Refresher
  readonly rows: RowMaker
}

/** Pages of balances, as `Custody.balances`. */
export function createBalancePages(deps: BalancePageDeps): Custody['balances'] {
  const { members, chains, rows } = deps
  return async ({ page, refresh = false, ...request }) => {
    const filter = memberFilter(request, chains)
    if (refresh && filter.addresses !== undefined) await refreshWatched(filter, deps)
    const relevant = chainsOf(filter, chains)
    for (const chain of relevant) await deps.membership.lookAtNew(chain)
    const guarantees = new Guarantees()
    for (const chain of relevant) if (!(await isReady(chain))) guarantees.add(chain.id, [], false)
    const look = async (bounds: Parameters<MemberStore['rows']>[1]): Promise<readonly Looked<CustodyBalance>[]> => {
      const found = await members.rows(filter, bounds)
      const made = await rows.of(found, guarantees)
      return found.map(({ row: key }, index) => ({ key, row: made[index] }))
    }
    const filled = await fillBalances(page, { look, members, filter })
    return { ...filled, asOf: guarantees.all() }
  }
}

type Filling = {
  readonly look: (bounds: Parameters<MemberStore['rows']>[1]) => Promise<readonly Looked<CustodyBalance>[]>
  readonly members: MemberStore
  readonly filter: MemberFilter
}

async function fillBalances(
  page: PageRequest<RowKey>,
  { look, members, filter }: Filling,
): Promise<Omit<BalancePage, 'asOf'>> {
  if (page.before !== undefined) {
    const filled = await fillPage(page.before, page.limit, (before, limit) => look({ before, limit }))
    const later = await members.rows(filter, {
      after: (filled.rows[0]?.key ?? page.before) - (filled.rows[0] ? 0 : 1),
      limit: 1,
    })
    return pageOf(filled, { direction: 'earlier', hasBehind: later.length > 0 })
  }
  if (page.offset !== undefined) return windowAt({ limit: page.limit, offset: page.offset }, { look, members, filter })
  const from = page.after ?? 0
  const filled = await fillPage(from, page.limit, (after, limit) => look({ after, limit }))
  const near = filled.rows[0]?.key ?? from + 1
  const earlier = from === 0 ? [] : await members.rows(filter, { before: near, limit: 1 })
  return pageOf(filled, { direction: 'later', hasBehind: earlier.length > 0 })
}

/**
 * The rows from an offset on. The offset and the total count the index, so rows that are left out leave gaps here: if
 * others filled them, these would come again at the next offset.
 */
async function windowAt(
  { limit, offset }: { readonly limit: number; readonly offset: bigint },
  { look, members, filter }: Filling,
): Promise<Omit<BalancePage, 'asOf'>> {
  const { total: count, after } = await members.count(filter, offset)
  const total = BigInt(count)
  // An offset of any size is allowed. It never reaches SQL beyond the number of rows.
  if (offset >= total) {
    return { rows: [], first: undefined, last: undefined, hasEarlier: count > 0, hasLater: false, total }
  }
  const window = await look({ after, limit })
  const [first, last] = [window[0]?.key, window.at(-1)?.key]
  const rows = window.flatMap(({ row }) => row ?? [])
  const later = await fillPage(last ?? after, 1, (key, most) => look({ after: key, limit: most }))
  const hasLater = later.rows.length > 0 || later.hasMore
  return { rows, first, last, hasEarlier: offset > 0n, hasLater, total }
}

/** The index's filter for a caller's filter. */
export function memberFilter(
  { principal, wallet, chain, address, asset }: CustodyFilter,
  chains: CustodyChains,
): MemberFilter {
  const addresses = address === undefined ? undefined : chains.parseAddress(address)
  return { principal, wallet, chain, addresses, asset }
}

/** The configured chains whose rows may match. */
export function chainsOf({ chain, addresses }: MemberFilter, chains: CustodyChains): readonly CustodyChain[] {
  return chains.all.filter(
    ({ id, family }) =>
      (chain === undefined || id === chain) &&
      (addresses === undefined || addresses.some((address) => address.family === family)),
  )
}

/** True if the chain is open and has caught up once: then its lists lack no rows. */
export async function isReady(chain: CustodyChain): Promise<boolean> {
  return (await ifOpen(chain, async ({ reads }) => (await reads.clock()).wasReady)) === true
}

/** Refreshes only addresses that are watched: nobody makes us read others. */
async function refreshWatched(filter: MemberFilter, { watched, refresher }: BalancePageDeps): Promise<void> {
  await watched.load()
  const addresses = (filter.addresses ?? []).filter(({ family, address }) => watched.has(family, address))
  await refresher.refresh(addresses, filter.chain)
}
