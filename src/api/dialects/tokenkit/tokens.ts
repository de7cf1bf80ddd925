import type { FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { TOKEN_STANDARDS } from '../../../core/standards.ts'
import type { TokenInfo } from '../../../tokens/tokens.ts'
import type { Reply } from '../../http/route.ts'
import type { Answer } from '../../schema/json-schema.ts'
import { canonicalAddress } from './addresses.ts'
import type { TokenKitDeps } from './deps.ts'
import { offsetOf, pageUrl } from './paging.ts'
import { decimalsOf, priceOf } from './render.ts'
import type { TokensAnswer, TokensQuery } from './schema-lists.ts'

type Row = Answer<Static<typeof TokensAnswer>>['results'][number]

/** Tokens by address, symbol or name: those of the configured lists first. */
export async function searchTokens(
  deps: TokenKitDeps,
  query: Static<typeof TokensQuery>,
  request: FastifyRequest,
): Promise<Reply<Answer<Static<typeof TokensAnswer>>>> {
  const { chain, finder, tokens } = deps
  const { common, public: isPublic = common } = query
  // Both mean the same, and every filter must fit.
  if (common !== undefined && common !== isPublic) return { body: { results: [], links: { next: null } } }
  const filter = { standards: standardsOf(query.is_erc20), listed: isPublic }
  const offset = offsetOf(query)
  const text = await textOf(deps, query.search, filter)
  const { rows, more } = await finder.search(chain.id, { ...filter, text, offset, limit: query.limit })
  const assets = rows.map(({ asset }) => asset)
  const found = assets.length === 0 ? [] : await tokens.get(chain.id, assets, { read: true })
  const fields = query.fields?.split(',').map((name) => name.trim())
  const results = found.map((token) => only(fields, rowOf(token)))
  return { body: { results, links: { next: more ? pageUrl(request, query.page + 1) : null } } }
}

type Filter = Pick<Parameters<TokenKitDeps['finder']['search']>[1], 'standards' | 'listed'>

/** The text to search for: an address as the chain writes it, if a token has it. Short hex may also be a symbol. */
async function textOf(
  { chain, finder }: TokenKitDeps,
  search: string | undefined,
  filter: Filter,
): Promise<string | undefined> {
  const address = search === undefined ? undefined : canonicalAddress(search.trim(), chain)
  if (address === undefined) return search
  const { rows } = await finder.search(chain.id, { ...filter, text: address, offset: 0, limit: 1 })
  return rows.length === 0 ? search : address
}

function standardsOf(isFungible: boolean | undefined) {
  if (isFungible === undefined) return TOKEN_STANDARDS
  return TOKEN_STANDARDS.filter((standard) => (standard === 'erc20') === isFungible)
}

function rowOf(token: TokenInfo): Required<Row> {
  const { asset, listed } = token
  return {
    address: asset.reference,
    symbol: token.symbol ?? null,
    name: token.name ?? null,
    decimals: decimalsOf(token),
    logo: token.logo ?? null,
    common: listed,
    verified: listed,
    public: listed,
    is_erc20: asset.standard === 'erc20',
    is_erc721: asset.standard === 'erc721',
    is_erc1155: asset.standard === 'erc1155',
    current_price_usd: priceOf(token) ?? null,
  }
}

/** Only the wanted fields. Unknown names are ignored. */
function only(fields: readonly string[] | undefined, row: Row): Row {
  if (fields === undefined) return row
  return Object.fromEntries(Object.entries(row).filter(([name]) => fields.includes(name)))
}
