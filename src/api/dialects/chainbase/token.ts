import type { Static, TSchema } from 'typebox'
import type { AsOf } from '../../../balances/as-of.ts'
import { type AssetRef, NO_ITEM } from '../../../core/asset.ts'
import type { ChainId } from '../../../core/chain.ts'
import { ServiceError } from '../../../core/errors.ts'
import type { Standard } from '../../../core/standards.ts'
import { hasFacts } from '../../../core/token.ts'
import type { TokenInfo } from '../../../tokens/tokens.ts'
import { asOfKnown } from '../../http/as-of-header.ts'
import type { Reply } from '../../http/route.ts'
import type { Answer } from '../../schema/json-schema.ts'
import type { ChainbaseDeps } from './deps.ts'
import { nothingIndexed } from './errors.ts'
import { nextPage, offsetOf } from './paging.ts'
import { renderHolder, renderPrice, renderToken, renderTransfer, ZERO_ADDRESS } from './render.ts'
import type * as schema from './schema.ts'

type Body<Schema extends TSchema> = Promise<Reply<Answer<Static<Schema>>>>
type TokenQuery = Static<typeof schema.TokenQuery>
type TokenPageQuery = Static<typeof schema.TokenPageQuery>

const OK = { code: 0, message: 'ok' } as const

function erc20(reference: string): AssetRef {
  return { standard: 'erc20', reference }
}

/** Returns the metadata of a token. @throws CHAIN_UNSUPPORTED, NOT_A_TOKEN, UNAVAILABLE */
export async function metadata(deps: ChainbaseDeps, query: TokenQuery): Body<typeof schema.TokenMetadataAnswer> {
  const chain = deps.chainOf(query.chain_id)
  const token = await tokenOf(deps, chain, query.contract_address)
  const known = await deps.balances.known({ chain, asset: token.asset })
  return { body: { ...OK, data: { ...renderToken(token), accounting: known?.accounting } } }
}

/**
 * Returns the price of a token. Its keys are absent if it is unknown.
 * @throws CHAIN_UNSUPPORTED, NOT_A_TOKEN, UNAVAILABLE
 */
export async function price(deps: ChainbaseDeps, query: TokenQuery): Body<typeof schema.TokenPriceAnswer> {
  const chain = deps.chainOf(query.chain_id)
  const [token] = await deps.tokens.get(chain, [erc20(query.contract_address)], { read: true })
  // A configured price proves that the address is a token, so no node is needed.
  const priced = token?.price === undefined ? await tokenOf(deps, chain, query.contract_address) : token
  return { body: { ...OK, data: renderPrice(priced) } }
}

/**
 * Returns accounts with a positive balance of a token, greatest first.
 * @throws CHAIN_UNSUPPORTED, NOT_A_TOKEN, BAD_REQUEST
 */
export async function holders(deps: ChainbaseDeps, query: TokenPageQuery): Body<typeof schema.TokenHoldersAnswer> {
  const { chain, page } = await holderPage(deps, query)
  return {
    body: {
      ...OK,
      data: page.rows.map((row) => row.account),
      next_page: nextPage(query, page.count),
      count: page.count,
    },
    asOf: header(deps, chain, page.asOf),
  }
}

/** Returns the same accounts with their balances. @throws CHAIN_UNSUPPORTED */
export async function topHolders(deps: ChainbaseDeps, query: TokenPageQuery): Body<typeof schema.TopHoldersAnswer> {
  const { chain, page } = await holderPage(deps, query)
  const [token] = await deps.tokens.get(chain, [erc20(query.contract_address)], { read: true })
  return {
    body: {
      ...OK,
      data: page.rows.map((row) => renderHolder(row, token?.decimals)),
      next_page: nextPage(query, page.count),
      count: page.count,
    },
    asOf: header(deps, chain, page.asOf),
  }
}

/** Returns transfers of a token, newest first. @throws CHAIN_UNSUPPORTED, NOT_A_TOKEN, BAD_REQUEST */
export async function transfers(
  deps: ChainbaseDeps,
  query: Static<typeof schema.TransfersQuery>,
): Body<typeof schema.TokenTransfersAnswer> {
  const chain = deps.chainOf(query.chain_id)
  rejectReversed('from_block', 'to_block', query)
  rejectReversed('from_timestamp', 'end_timestamp', query)
  await mustBeFungible(deps, chain, query.contract_address)
  const asset = erc20(query.contract_address)
  const page = await deps.balances.transfers({
    chain,
    asset,
    offset: offsetOf(query),
    limit: query.limit,
    ...(query.address === undefined ? {} : { account: query.address }),
    ...(query.from_block === undefined ? {} : { fromBlock: query.from_block }),
    ...(query.to_block === undefined ? {} : { toBlock: query.to_block }),
    ...(query.from_timestamp === undefined ? {} : { fromTimestamp: query.from_timestamp }),
    ...(query.end_timestamp === undefined ? {} : { toTimestamp: query.end_timestamp }),
  })
  if (page.asOf === undefined) throw nothingIndexed()
  const isIndexed = page.count > 0 || (await deps.balances.known({ chain, asset })) !== undefined
  if (!isIndexed) await tokenOf(deps, chain, query.contract_address)
  return {
    body: {
      ...OK,
      data: page.rows.map(renderTransfer),
      next_page: nextPage(query, page.count),
      count: page.count,
    },
    asOf: header(deps, chain, page.asOf),
  }
}

/**
 * Rejects a range that ends before it begins: it would always be empty, so the caller made a mistake.
 * @throws PARAMETER_INVALID
 */
function rejectReversed<Name extends string>(
  first: Name,
  last: Name,
  query: Readonly<Partial<Record<Name, number>>>,
): void {
  const [from, to] = [query[first], query[last]]
  if (from === undefined || to === undefined || from <= to) return
  throw new ServiceError('PARAMETER_INVALID', `${first} is greater than ${last}`)
}

async function holderPage(deps: ChainbaseDeps, query: TokenPageQuery) {
  const chain = deps.chainOf(query.chain_id)
  await mustBeFungible(deps, chain, query.contract_address)
  const page = await deps.balances.holders({
    chain,
    asset: erc20(query.contract_address),
    offset: offsetOf(query),
    limit: query.limit,
  })
  if (page.asOf === undefined) throw nothingIndexed()
  if (page.count === 0) await mustBeToken(deps, chain, query.contract_address)
  return { chain, page }
}

/**
 * Checks that the address is a token: an empty list for another address would look complete.
 * @throws NOT_A_TOKEN, UNAVAILABLE
 */
async function mustBeToken(deps: ChainbaseDeps, chain: ChainId, reference: string): Promise<void> {
  // Its events prove that it is a token.
  if ((await deps.balances.known({ chain, asset: erc20(reference) }))?.accounting === 'events') return
  await tokenOf(deps, chain, reference)
}

const ITEMS: readonly Standard[] = ['erc721', 'erc1155']

/**
 * Checks that the contract is not known only for items. These lists cover ERC-20 tokens, and an empty list for such a
 * contract would look complete.
 * @throws BAD_REQUEST
 */
async function mustBeFungible(deps: ChainbaseDeps, chain: ChainId, reference: string): Promise<void> {
  const isKnown = async (standard: Standard): Promise<boolean> =>
    (await deps.balances.known({ chain, asset: { standard, reference } })) !== undefined
  if (await isKnown('erc20')) return
  for (const standard of ITEMS) {
    if (await isKnown(standard)) throw new ServiceError('BAD_REQUEST', 'token standard not supported')
  }
}

function header(deps: ChainbaseDeps, chain: ChainId, asOf: AsOf | undefined): string {
  if (asOf === undefined) throw nothingIndexed()
  return asOfKnown(chain, asOf, deps.now())
}

/**
 * Returns all that is known of a token. If nothing is known, it reads a balance, which distinguishes a token without
 * metadata from an address without a token.
 */
async function tokenOf(deps: ChainbaseDeps, chain: ChainId, reference: string): Promise<TokenInfo> {
  const asset = erc20(reference)
  // Stored metadata of a destroyed contract is not valid for a new contract at its address, so read it again.
  const anew = (await deps.balances.known({ chain, asset }))?.wasDestroyed === true
  const [token] = await deps.tokens.get(chain, [asset], { read: true, anew })
  if (token !== undefined && hasFacts(token)) return token
  const [balance] = await deps.balances.get({
    chain,
    keys: [{ account: ZERO_ADDRESS, asset, item: NO_ITEM }],
    freshness: { mode: 'stored' },
  })
  if (token !== undefined && balance?.known) return token
  const reason = balance?.known === false ? balance.reason : undefined
  // A contract that does not answer balance reads may be a token with metadata that could not be read. Only an address
  // without code is certainly no token.
  if (reason === 'node_unavailable' || (token?.unread === true && reason === 'token_does_not_answer'))
    throw new ServiceError('UNAVAILABLE', 'Service unavailable', { fields: { reason } })
  throw new ServiceError('NOT_A_TOKEN', 'contract_address is not a token', { fields: { reason } })
}
