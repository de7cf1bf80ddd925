import type { Static } from 'typebox'
import { type AsOf, worstOf } from '../../../balances/as-of.ts'
import type { AssetBalance, Balances } from '../../../balances/balances.ts'
import { type AssetRef, NO_ITEM } from '../../../core/asset.ts'
import { type Balance, isNodeUnknown, isNoneKnown, type Known } from '../../../core/balance.ts'
import type { ChainId } from '../../../core/chain.ts'
import { ServiceError } from '../../../core/errors.ts'
import { andThen, type Soon, together } from '../../../core/soon.ts'
import { AFTER_BALANCES, type TokenInfo } from '../../../tokens/tokens.ts'
import { asOfKnown } from '../../http/as-of-header.ts'
import type { Reply } from '../../http/route.ts'
import type { Answer } from '../../schema/json-schema.ts'
import type { ChainbaseDeps } from './deps.ts'
import { nothingIndexed } from './errors.ts'
import { nextPage, offsetOf } from './paging.ts'
import { renderBalance, renderMeta, ZERO_ADDRESS } from './render.ts'
import type { AccountTokensAnswer, AccountTokensQuery } from './schema.ts'

type Query = Static<typeof AccountTokensQuery>
type Body = Answer<Static<typeof AccountTokensAnswer>>

/** A row with a known balance. Rows with an unknown balance are left out, since unknown is never a number. */
type KnownRow = { readonly asset: AssetRef; readonly balance: Known }

/** One page of rows, and the number of rows on all pages. */
type Rows = {
  readonly rows: readonly KnownRow[]
  readonly count: number
  readonly nextPage: number | undefined
  readonly asOf: AsOf | undefined
}

/** Returns ERC-20 tokens of an account: all that it ever received, or the contracts that the caller lists. */
export function accountTokens(deps: ChainbaseDeps, query: Query): Soon<Reply<Body>> {
  const chain = deps.chainOf(query.chain_id)
  const rows = query.contract_address === undefined ? received(deps, chain, query) : listed(deps, chain, query)
  return andThen(rows, (page) => {
    const assets = page.rows.map((row) => row.asset)
    const tokens = assets.length === 0 ? [] : deps.tokens.get(chain, assets, AFTER_BALANCES)
    return andThen(tokens, (infos) => replyOf(deps, chain, { page, tokens: infos }))
  })
}

function replyOf(
  deps: ChainbaseDeps,
  chain: ChainId,
  { page, tokens }: { readonly page: Rows; readonly tokens: readonly TokenInfo[] },
): Reply<Body> {
  const data: Body['data'][number][] = []
  page.rows.forEach((row, index) => {
    const token = tokens[index]
    if (token !== undefined) data.push(renderMeta(token, renderBalance(row.balance.amount, deps.balanceFormat)))
  })
  return {
    body: { code: 0, message: 'ok', data, next_page: page.nextPage, count: page.count },
    asOf: page.asOf === undefined ? undefined : asOfKnown(chain, page.asOf, deps.now()),
  }
}

function received(deps: ChainbaseDeps, chain: ChainId, query: Query): Soon<Rows> {
  if (query.address === ZERO_ADDRESS) {
    throw new ServiceError('BAD_REQUEST', 'address is the zero address: its tokens are not listed')
  }
  const list = deps.balances.account({
    chain,
    account: query.address,
    standards: ['erc20'],
    receivedOnly: true,
    freshness: { mode: 'stored' },
    offset: offsetOf(query),
    limit: query.limit,
  })
  return andThen(list, ({ rows, count, asOf }) => {
    // Before the first block is indexed, an empty list would claim that the account never received a token.
    if (asOf === undefined) throw nothingIndexed()
    const known = rows.filter(isKnown)
    // Unknown rows are found only when their page is read, so only those of this page are subtracted from the count.
    return { rows: known, count: count - (rows.length - known.length), nextPage: nextPage(query, count), asOf }
  })
}

function listed(deps: ChainbaseDeps, chain: ChainId, query: Query): Soon<Rows> {
  const assets = (query.contract_address ?? []).map((reference): AssetRef => ({ standard: 'erc20', reference }))
  const found = deps.balances.get({
    chain,
    keys: assets.map((asset) => ({ account: query.address, asset, item: NO_ITEM })),
    freshness: { mode: 'stored' },
  })
  const account = { chain, account: query.address }
  return andThen(found, (balances) => rowsOf(deps.balances, query, { account, assets, balances }))
}

function rowsOf(
  source: Balances,
  query: Query,
  {
    account,
    assets,
    balances,
  }: { readonly account: Account; readonly assets: readonly AssetRef[]; readonly balances: readonly Balance[] },
): Soon<Rows> {
  const known: KnownRow[] = []
  assets.forEach((asset, index) => {
    const balance = balances[index]
    if (balance?.known) known.push({ asset, balance })
  })
  // Unknown rows are left out. If a node's failure leaves none, return an error: an empty list would be a guess.
  if (isNoneKnown(balances)) throw new ServiceError('UNAVAILABLE', 'Service unavailable')
  const both = together(
    () => (known.length < 2 ? known : inOrderMet(source, account, known)),
    // If none of the contracts is a token, that is also known as of a block.
    () => worstOf(balances) ?? andThen(metOf(source, account, assets), (met) => met.asOf),
  )
  return andThen(both, ([rows, asOf]) => {
    if (asOf === undefined) throw nothingIndexed()
    const offset = offsetOf(query)
    return {
      rows: rows.slice(offset, offset + query.limit),
      count: rows.length,
      nextPage: nextPage(query, rows.length),
      asOf: { ...asOf, complete: !balances.some(isNodeUnknown) },
    }
  })
}

type Account = { readonly chain: ChainId; readonly account: string }

/** Returns the given assets that the account has met, in the order in which it first met them. */
function metOf(balances: Balances, account: Account, assets: readonly AssetRef[]): ReturnType<Balances['account']> {
  return balances.account({
    ...account,
    standards: ['erc20'],
    receivedOnly: false,
    assets,
    freshness: { mode: 'stored' },
    offset: 0,
    limit: assets.length,
  })
}

/**
 * Returns the rows in the order in which the account first met their assets. Assets that it never met come last, in the
 * given order.
 */
function inOrderMet(balances: Balances, account: Account, rows: readonly KnownRow[]): Soon<readonly KnownRow[]> {
  const assets = rows.map((row) => row.asset)
  return andThen(metOf(balances, account, assets), (page) => {
    const rest = new Map(rows.map((row) => [row.asset.reference, row]))
    const met: KnownRow[] = []
    for (const { asset } of page.rows) {
      const row = rest.get(asset.reference)
      if (row !== undefined && rest.delete(asset.reference)) met.push(row)
    }
    return [...met, ...rest.values()]
  })
}

function isKnown(row: AssetBalance): row is KnownRow {
  return row.balance.known
}
