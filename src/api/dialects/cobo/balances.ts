import type { FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { format } from '../../../core/amount.ts'
import { assetText } from '../../../core/asset.ts'
import type { CustodyBalance } from '../../../custody/custody.ts'
import type { Reply } from '../../http/route.ts'
import { zulu } from '../../http/utc-time.ts'
import type { Answer } from '../../schema/json-schema.ts'
import { principalOf } from './access.ts'
import type { CursorList } from './cursor.ts'
import type { CoboDeps } from './deps.ts'
import { asOfChains, nothingFound, rowsWith } from './envelope.ts'
import { chainTypeOf } from './families.ts'
import { metaOf, pageOf, ROW_KEYS } from './paging.ts'
import { boundFilters, filterOf } from './row-filter.ts'
import type { BalancesAnswer, BalancesQuery } from './schema.ts'
import { uuidOf } from './uuid-of.ts'
import { idsOfPage, type PageIds } from './vendor-ids.ts'

type Answered = Answer<Static<typeof BalancesAnswer>>

/**
 * A page of the balances of all wallets of the caller. `force_refresh` needs an address, else it has no effect. A refresh that
 * fails is answered with the stored rows and their own times.
 * @throws ParameterError, STORE_UNAVAILABLE
 */
export async function balances(
  deps: CoboDeps,
  query: Static<typeof BalancesQuery>,
  request: FastifyRequest,
): Promise<Reply<Answered>> {
  const principal = principalOf(request)
  const list: CursorList = { name: 'balances', principal, filters: boundFilters(query) }
  const page = pageOf(query, list, ROW_KEYS)
  const filter = await filterOf(deps, query, principal)
  if (filter === undefined) return { body: rowsWith([], nothingFound(page)) }
  const refresh = query.force_refresh && query.address !== undefined
  const found = await deps.custody.balances({ ...filter, page, refresh })
  const ids = await idsOfPage(deps, found.rows)
  const userId = userIdOf(principal)
  return {
    body: rowsWith(
      found.rows.map((row) => rowOf(row, ids, userId)),
      metaOf(found, { request: page, list, keys: ROW_KEYS }),
    ),
    asOf: asOfChains(found.asOf, deps.now()),
  }
}

/** The vendor's id of a principal. */
export function userIdOf(principal: string): string {
  return uuidOf('principal', principal)
}

function rowOf(row: CustodyBalance, ids: PageIds, userId: string): Answered['result'][number] {
  const { wallet, chain, address, asset, decimals, family } = row
  return {
    id: uuidOf('balance', wallet, chain, address, assetText(chain, asset)),
    wallet_uuid: wallet,
    cobo_wallet_id: wallet,
    user_id: userId,
    address,
    token_id: ids.asset(row),
    amount: format(row.spendable, decimals),
    updated_at: zulu(row.rowUpdatedAt),
    chain_id: ids.chain(chain),
    chain_type: chainTypeOf(family),
    compatible_chains: ids.compatible(family),
    total: format(row.total, decimals),
    pending: format(row.pending, decimals),
    locked: format(row.locked, decimals),
    balance_updated_at: zulu(row.knownAt),
  }
}
