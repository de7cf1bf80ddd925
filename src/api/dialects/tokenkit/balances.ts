import type { Static } from 'typebox'
import { worstOf } from '../../../balances/as-of.ts'
import { firstOfEachContract } from '../../../balances/holdings.ts'
import { type AssetRef, NO_ITEM } from '../../../core/asset.ts'
import { type Balance, isNodeUnknown, type Known } from '../../../core/balance.ts'
import { andThen, type Soon, together } from '../../../core/soon.ts'
import { TOKEN_STANDARDS } from '../../../core/standards.ts'
import type { Json } from '../../../json/exact-json.ts'
import { AFTER_BALANCES, type TokenInfo } from '../../../tokens/tokens.ts'
import { asOfKnown, asOfList } from '../../http/as-of-header.ts'
import { type Reply, VendorError } from '../../http/route.ts'
import type { Answer } from '../../schema/json-schema.ts'
import type { WrittenObject } from '../../schema/serialise.ts'
import { accountParameter, addressParameter, canonicalAddress } from './addresses.ts'
import { assetOf, freshnessOf, type TokenKitDeps } from './deps.ts'
import { accountRows, balanceFields, offsetTime } from './render.ts'
import type {
  AccountBalancesAnswer,
  AccountBalancesQuery,
  BalanceAnswer,
  BalanceQuery,
  BatchAnswer,
  BatchBody,
} from './schema.ts'

type Row = Answer<Static<typeof BalanceAnswer>>['data']
type PairError = NonNullable<Answer<Static<typeof BatchAnswer>>['errors']>[number]

/** A pair whose addresses are canonical. */
type Pair = { readonly account: string; readonly asset: AssetRef }

/** One balance. Not a token: 404. A read that fails, if forced or nothing is stored: 502. */
export function balance(
  deps: TokenKitDeps,
  query: Static<typeof BalanceQuery>,
): Soon<Reply<Answer<Static<typeof BalanceAnswer>>> | VendorError> {
  const { chain, now } = deps
  const account = addressParameter('account_address', query.account_address, chain)
  const token = addressParameter('token_address', query.token_address, chain)
  return andThen(assetOf(deps, token), (asset) => {
    const pair = { account, asset }
    return andThen(balancesOf(deps, [pair], query), ([first]) => {
      const [found, info] = first ?? []
      if (found?.known !== true || info === undefined) return failed(found)
      return {
        body: { success: true, data: rowOf(pair, found, info) },
        asOf: asOfKnown(chain.id, found, now()),
      }
    })
  })
}

function failed(found: Balance | undefined): VendorError {
  const error = messageOf(found)
  return new VendorError({ status: error === NOT_A_TOKEN ? 404 : 502, body: { success: false, error } })
}

const NOT_A_TOKEN = 'token_address: Not a token contract.'

function messageOf(found: Balance | undefined): string {
  switch (found?.known === false ? found.reason : undefined) {
    case 'not_a_token':
    case 'no_balance_function':
      return NOT_A_TOKEN
    case 'token_does_not_answer':
      return 'The token does not return a balance.'
    default:
      return 'The balance could not be read from the chain.'
  }
}

/** Up to 20 balances. A pair that fails is in `errors`, and the others are answered. */
export async function batch(
  deps: TokenKitDeps,
  body: Static<typeof BatchBody>,
): Promise<Reply<Answer<Static<typeof BatchAnswer>>>> {
  const { chain, now } = deps
  const read = await Promise.all(body.balances.map((item) => readPair(deps, item)))
  const pairs = read.flatMap((one) => ('error' in one ? [] : [one]))
  const found = await balancesOf(deps, pairs, body)
  const data: Row[] = []
  const errors: PairError[] = []
  let next = 0
  for (const one of read) {
    if ('error' in one) {
      errors.push(one)
      continue
    }
    const [balance, info] = found[next++] ?? []
    if (balance?.known === true && info !== undefined) data.push(rowOf(one, balance, info))
    else errors.push({ account_address: one.account, token_address: one.asset.reference, error: messageOf(balance) })
  }
  const asOf = worstOf(found.map(([balance]) => balance))
  return {
    body: { success: true, data, errors: errors.length === 0 ? null : errors },
    asOf: asOf === undefined ? undefined : asOfKnown(chain.id, { ...asOf, complete: errors.length === 0 }, now()),
  }
}

/** Longest address that an error repeats. */
const MAX_ECHO = 80

async function readPair(deps: TokenKitDeps, item: Json): Promise<Pair | PairError> {
  const [account, token] = [textOf(item, 'account_address'), textOf(item, 'token_address')]
  const fails = (error: string): PairError => ({
    account_address: account?.slice(0, MAX_ECHO) ?? null,
    token_address: token?.slice(0, MAX_ECHO) ?? null,
    error,
  })
  if (!(item instanceof Map)) return fails('Expected an object with account_address and token_address.')
  if (account === undefined) return fails('account_address: This field is required.')
  if (token === undefined) return fails('token_address: This field is required.')
  const [of, contract] = [canonicalAddress(account, deps.chain), canonicalAddress(token, deps.chain)]
  if (of === undefined) return fails('account_address: Malformed.')
  if (contract === undefined) return fails('token_address: Malformed.')
  return { account: of, asset: await assetOf(deps, contract) }
}

function textOf(item: Json, name: string): string | undefined {
  const value = item instanceof Map ? item.get(name) : undefined
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Everything that an account holds or held, in the order in which it first met the tokens. */
export function accountBalances(
  deps: TokenKitDeps,
  query: Static<typeof AccountBalancesQuery>,
): Soon<Reply<AccountAnswer>> {
  const { balances, chain, tokens } = deps
  const account = accountParameter('account_address', query.account_address, chain)
  const list = balances.account({
    chain: chain.id,
    account,
    standards: TOKEN_STANDARDS,
    receivedOnly: false,
    freshness: listFreshness(query),
    partial: true,
    unknownRows: true,
    offset: 0,
    limit: MAX_ROWS,
  })
  return andThen(list, (page) => {
    const rows = firstOfEachContract(page.rows)
    const assets = rows.map(({ asset }) => asset)
    // A node that did not return the balances is not asked for names as well: the request has one deadline.
    const read = !rows.some(({ balance }) => isNodeUnknown(balance))
    const known = assets.length === 0 ? [] : tokens.get(chain.id, assets, read ? AFTER_BALANCES : undefined)
    return andThen(known, (infos) => accountReply(deps, account, { page, rows, infos }))
  })
}

type AccountAnswer = Answer<Static<typeof AccountBalancesAnswer>>
type Page = Awaited<ReturnType<TokenKitDeps['balances']['account']>>

function accountReply(
  { chain, now }: TokenKitDeps,
  account: string,
  { page, rows, infos }: { page: Page; rows: Page['rows']; infos: readonly TokenInfo[] },
): Reply<AccountAnswer> {
  const writeRow = accountRows(chain.id, account)
  const data: WrittenObject[] = []
  rows.forEach(({ balance }, index) => {
    const info = infos[index]
    if (info !== undefined) data.push(writeRow(info, balance))
  })
  const { asOf } = page
  const known = asOf && { ...asOf, complete: asOf.complete && page.count <= page.rows.length }
  return {
    body: { success: true, count: data.length, data },
    asOf: asOfList(chain.id, known, now()),
  }
}

/** Most rows of an answer without paging. An account with more is answered with `complete=?0`. */
const MAX_ROWS = 10_000

/** A list shows the stored amount, with its time, if a forced read fails. */
function listFreshness(query: Parameters<typeof freshnessOf>[0]) {
  const freshness = freshnessOf(query)
  return freshness.mode === 'force' ? ({ mode: 'force' } as const) : freshness
}

function balancesOf(
  deps: TokenKitDeps,
  pairs: readonly Pair[],
  asked: Parameters<typeof freshnessOf>[0],
): Soon<readonly (readonly [Balance, TokenInfo])[]> {
  if (pairs.length === 0) return []
  const { balances, chain, tokens } = deps
  const keys = pairs.map(({ account, asset }) => ({ account, asset, item: NO_ITEM }))
  const assets = pairs.map(({ asset }) => asset)
  // Together: each may wait for a node that hangs, and both must fit into the deadline of the request.
  const both = together(
    () => balances.get({ chain: chain.id, keys, freshness: freshnessOf(asked) }),
    () => tokens.get(chain.id, assets, { read: true }),
  )
  return andThen(both, ([found, infos]) =>
    found.flatMap((balance, index) => {
      const info = infos[index]
      return info === undefined ? [] : [[balance, info] as const]
    }),
  )
}

function rowOf(pair: Pair, known: Known, info: TokenInfo): Row {
  const { balance_usd } = balanceFields(known, info, offsetTime)
  return {
    account_address: pair.account,
    token_address: pair.asset.reference,
    balance: known.amount.toString(),
    balance_usd,
    last_updated: offsetTime(known.knownAt),
  }
}
