import type { FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { ServiceError } from '../../../core/errors.ts'
import { isFungible } from '../../../core/standards.ts'
import { asOfList } from '../../http/as-of-header.ts'
import { type Reply, VendorError } from '../../http/route.ts'
import { zulu } from '../../http/utc-time.ts'
import type { Answer } from '../../schema/json-schema.ts'
import { ParameterError } from '../../schema/query.ts'
import { accountParameter, addressParameter, canonicalHash } from './addresses.ts'
import { assetOf, type TokenKitDeps } from './deps.ts'
import { naming } from './errors.ts'
import { offsetOf, pageLink } from './paging.ts'
import { decimalsOf } from './render.ts'
import type { TransfersAnswer, TransfersQuery } from './schema-lists.ts'

type Body = Answer<Static<typeof TransfersAnswer>>
type Query = Static<typeof TransfersQuery>

/** The filters of the call, as the vendor names them. */
const FILTERS = [
  'account',
  'account_address',
  'from_account',
  'from_address',
  'to_account',
  'to_address',
  'token',
  'token_address',
  'block',
  'txhash',
] as const

/** Transfers that fit every given filter, newest first. */
export async function transfers(
  deps: TokenKitDeps,
  query: Query,
  request: Pick<FastifyRequest, 'url'>,
): Promise<Reply<Body> | VendorError> {
  if (FILTERS.every((name) => query[name] === undefined)) {
    return new VendorError({
      status: 400,
      body: { success: false, error: 'At least one filter is required.', allowed_filters: FILTERS },
    })
  }
  const { chain, history, now, tokens } = deps
  const offset = offsetOf(query)
  const [account, from, to, token] = addressesOf(query, chain)
  const search = history.transfers({
    chain: chain.id,
    account: account?.address,
    from: from?.address,
    to: to?.address,
    asset: token === undefined ? undefined : await assetOf(deps, token.address),
    block: query.block,
    transactionHash: hashParameter(query.txhash, chain),
    offset,
    limit: query.limit,
    partial: true,
  })
  // Only accounts can have too many transfers to search.
  const { rows, count, asOf } = await naming((account ?? from ?? to)?.name ?? 'token', search)
  const assets = rows.map(({ asset }) => asset)
  const infos = assets.length === 0 ? [] : await tokens.get(chain.id, assets, { read: true })
  const results = rows.map((row, index) => rowOf(row, infos[index], chain.zeroAddress))
  const pages = Math.ceil(count / query.limit)
  return {
    body: {
      links: {
        next: query.page < pages ? pageLink(request, query.page + 1) : null,
        // From beyond the end, the link leads to the last page.
        previous: query.page > 1 && pages > 0 ? pageLink(request, Math.min(query.page - 1, pages)) : null,
      },
      count,
      total_pages: pages,
      results,
    },
    asOf: asOfList(chain.id, asOf, now()),
  }
}

type Filter = (typeof FILTERS)[number]
type Named = { readonly name: Filter; readonly address: string }
type Names = readonly [Filter, Filter]

/** The two names of each address: the sender or receiver, the sender, the receiver. */
const PARTIES: readonly Names[] = [
  ['account', 'account_address'],
  ['from_account', 'from_address'],
  ['to_account', 'to_address'],
]
const TOKEN: Names = ['token', 'token_address']

/** The account, the sender, the receiver and the token that the query names. @throws ParameterError; PARAMETER_INVALID */
function addressesOf(query: Query, chain: TokenKitDeps['chain']): readonly (Named | undefined)[] {
  const parties = PARTIES.map((names) => addressOf(query, names, (name, text) => accountParameter(name, text, chain)))
  return [...parties, addressOf(query, TOKEN, (name, text) => addressParameter(name, text, chain))]
}

/** The address under either of its names. Two different ones match no transfer, so they are a mistake. */
function addressOf(query: Query, names: Names, parse: (name: string, text: string) => string): Named | undefined {
  const [first, second] = names.flatMap((name): readonly Named[] => {
    const text = query[name]
    return typeof text === 'string' ? [{ name, address: parse(name, text) }] : []
  })
  if (first !== undefined && second !== undefined && first.address !== second.address) {
    throw new ServiceError('PARAMETER_INVALID', `${second.name}: Not the same as ${first.name}.`)
  }
  return first
}

function hashParameter(text: string | undefined, chain: TokenKitDeps['chain']): string | undefined {
  if (text === undefined) return undefined
  const hash = canonicalHash(text, chain)
  if (hash === undefined) throw new ParameterError([{ parameter: 'txhash', problem: 'malformed', type: 'string' }])
  return hash
}

type StoredTransfer = Awaited<ReturnType<TokenKitDeps['history']['transfers']>>['rows'][number]
type Info = Awaited<ReturnType<TokenKitDeps['tokens']['get']>>[number]

function rowOf(row: StoredTransfer, info: Info | undefined, zeroAddress: string | undefined): Body['results'][number] {
  const { asset, from, to, item, amount, block } = row
  return {
    from_address: from ?? zeroAddress ?? '',
    to_address: to ?? zeroAddress ?? '',
    token_address: asset.reference,
    token_symbol: info?.symbol ?? null,
    token_name: info?.name ?? null,
    token_decimals: info === undefined ? null : decimalsOf(info),
    value: amount.toString(),
    nft_token_id: isFungible(asset.standard) ? '' : item,
    txhash: row.transactionHash,
    timestamp: zulu(row.timestamp),
    block: block.number,
    status: null,
    fee: null,
    fee_unit: null,
    event_index: row.event,
  }
}
