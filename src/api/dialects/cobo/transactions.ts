import type { FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { format } from '../../../core/amount.ts'
import type { CustodyTransaction } from '../../../custody/custody.ts'
import type { Reply } from '../../http/route.ts'
import { zulu } from '../../http/utc-time.ts'
import type { Answer } from '../../schema/json-schema.ts'
import { principalOf } from './access.ts'
import type { CursorList } from './cursor.ts'
import type { CoboDeps } from './deps.ts'
import { asOfChains, nothingFound, rowsWith } from './envelope.ts'
import { metaOf, pageOf, TRANSACTION_KEYS } from './paging.ts'
import { boundFilters, filterOf } from './row-filter.ts'
import type { TransactionsAnswer, TransactionsQuery } from './schema.ts'
import { uuidOf } from './uuid-of.ts'
import { idsOfPage, type PageIds } from './vendor-ids.ts'

type Answered = Answer<Static<typeof TransactionsAnswer>>

/** A page of the transfers of all wallets of the caller. @throws ParameterError, STORE_UNAVAILABLE */
export async function transactions(
  deps: CoboDeps,
  query: Static<typeof TransactionsQuery>,
  request: FastifyRequest,
): Promise<Reply<Answered>> {
  const principal = principalOf(request)
  const list: CursorList = { name: 'transactions', principal, filters: boundFilters(query) }
  const page = pageOf(query, list, TRANSACTION_KEYS)
  const filter = await filterOf(deps, query, principal)
  if (filter === undefined) return { body: rowsWith([], nothingFound(page)) }
  const found = await deps.custody.transactions({ ...filter, page })
  const ids = await idsOfPage(
    deps,
    found.rows.map(({ chain, transfer: { asset } }) => ({ chain, asset })),
  )
  return {
    body: rowsWith(
      found.rows.map((row) => rowOf(row, ids)),
      metaOf(found, { request: page, list, keys: TRANSACTION_KEYS }),
    ),
    asOf: asOfChains(found.asOf, deps.now()),
  }
}

function rowOf(row: CustodyTransaction, ids: PageIds): Answered['result'][number] {
  const { wallet, chain, address, decimals, isConfirmed, transfer } = row
  const { from, to, asset, amount, transactionHash, block, event, part, timestamp } = transfer
  return {
    transaction_id: uuidOf('transaction', wallet, address, chain, block.hash, `${event}`, `${part}`),
    wallet_id: wallet,
    chain_id: ids.chain(chain),
    token_id: ids.asset({ chain, asset }),
    from_address: from ?? null,
    to_address: to ?? null,
    amount: format(amount, decimals),
    status: isConfirmed ? 'Confirmed' : 'Pending',
    transaction_hash: transactionHash,
    block_number: block.number,
    created_timestamp: zulu(timestamp),
  }
}
