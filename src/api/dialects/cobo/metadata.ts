import type { FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { assetText } from '../../../core/asset.ts'
import type { ChainId } from '../../../core/chain.ts'
import { isFungible, STANDARD_RULES, STANDARDS } from '../../../core/standards.ts'
import type { ChainAsset } from '../../../custody/custody.ts'
import type { TokenInfo } from '../../../tokens/tokens.ts'
import type { Reply } from '../../http/route.ts'
import type { Answer } from '../../schema/json-schema.ts'
import { principalOf } from './access.ts'
import type { CursorList } from './cursor.ts'
import type { CoboDeps } from './deps.ts'
import { one } from './envelope.ts'
import { chainTypeOf } from './families.ts'
import { metaOf, type PageQuery, pageOf, ROW_KEYS } from './paging.ts'
import type {
  AssetsAnswer,
  ChainsAnswer,
  MetadataQuery,
  TokenSearchAnswer,
  TokenSearchQuery,
} from './schema-wallets.ts'
import { chainById, compatibleChains, idsOfPage } from './vendor-ids.ts'

/** Standards whose amounts have decimals. */
const FUNGIBLE = STANDARDS.filter(isFungible)

type Query = Static<typeof MetadataQuery>

/** The configured chains. @throws ParameterError */
export async function listChains(
  deps: CoboDeps,
  query: Query,
  request: FastifyRequest,
): Promise<Reply<Answer<Static<typeof ChainsAnswer>>>> {
  const wanted = new Set(await wantedChains(deps, query))
  const chains = deps.chains.filter(({ id }) => wanted.has(id))
  const { rows, pagination } = pageOfList(chains, query, { name: 'chains', principal: principalOf(request) })
  const data = await Promise.all(
    rows.map(async ({ id, kind, nativeAsset }) => ({
      chain_id: await deps.custody.ids.ofChain(id),
      chain_type: chainTypeOf(kind),
      chain_identifier: id,
      native_token_id:
        nativeAsset === undefined
          ? null
          : ((await deps.custody.ids.ofAssets([{ chain: id, asset: nativeAsset }]))[0] ?? null),
      compatible_chains: await compatibleChains(deps, kind),
    })),
  )
  return { body: one({ data, pagination }) }
}

/** The assets that this server vouches for: native ones, and tokens of the configuration and of lists. @throws ParameterError */
export async function listAssets(
  deps: CoboDeps,
  query: Query,
  request: FastifyRequest,
): Promise<Reply<Answer<Static<typeof AssetsAnswer>>>> {
  const assets = deps.catalogue.of(await wantedChains(deps, query))
  const { rows, pagination } = pageOfList(assets, query, { name: 'assets', principal: principalOf(request) })
  return { body: one({ data: await describe(deps, rows), pagination }) }
}

/** Tokens whose symbol has a text in it: those of lists first. Other tokens may pose with any symbol. */
export async function searchTokens(
  deps: CoboDeps,
  { symbol, chain_id, limit }: Static<typeof TokenSearchQuery>,
): Promise<Reply<Answer<Static<typeof TokenSearchAnswer>>>> {
  const text = symbol.trim()
  const chain = chain_id === undefined ? undefined : await chainById(deps, chain_id)
  const chains = chain_id === undefined ? deps.chains : chain === undefined ? [] : [chain]
  const found: ChainAsset[] = []
  for (const listed of [true, false]) {
    for (const { id } of chains) {
      const query = { text, standards: FUNGIBLE, listed, offset: 0, limit }
      const { rows } = await deps.finder.search(id, query)
      found.push(...rows.map(({ asset }) => ({ chain: id, asset })))
    }
  }
  const tokens = await describe(deps, found)
  const part = text.toLowerCase()
  const named = tokens.filter((token) => token.symbol?.toLowerCase().includes(part) === true)
  return { body: one(named.slice(0, limit)) }
}

type Token = Answer<Static<typeof TokenSearchAnswer>>['result'][number]

/** What is known of assets, in their order. */
async function describe(deps: CoboDeps, assets: readonly ChainAsset[]): Promise<readonly Token[]> {
  const ids = await idsOfPage(deps, assets)
  const infos = new Map<string, TokenInfo>()
  for (const chain of new Set(assets.map((one) => one.chain))) {
    const ofChain = assets.filter((one) => one.chain === chain).map(({ asset }) => asset)
    for (const info of await deps.tokens.get(chain, ofChain)) infos.set(assetText(chain, info.asset), info)
  }
  return assets.map((one) => {
    const { chain, asset } = one
    const info = infos.get(assetText(chain, asset))
    return {
      token_id: ids.asset(one),
      chain_id: ids.chain(chain),
      asset_identifier: assetText(chain, asset),
      token_address: STANDARD_RULES[asset.standard].isToken ? asset.reference : null,
      symbol: info?.symbol ?? null,
      name: info?.name ?? null,
      decimal: info?.decimals ?? null,
      icon_url: info?.logo ?? null,
      is_listed: info?.listed ?? false,
    }
  })
}

/** The configured chains that a query names; all if it names none. Unknown ids name nothing. */
async function wantedChains(deps: CoboDeps, { chain_ids }: Query): Promise<readonly ChainId[]> {
  if (chain_ids === undefined) return deps.chains.map(({ id }) => id)
  const named = await Promise.all(chain_ids.split(',').map((id) => chainById(deps, id.trim())))
  return named.flatMap((chain) => chain?.id ?? [])
}

/** A page of a list in memory, which stays the same until the next start. Its keys are the places from 1 on. */
function pageOfList<T>(
  all: readonly T[],
  query: PageQuery & Query,
  { name, principal }: { readonly name: string; readonly principal: string },
) {
  const list: CursorList = { name, principal, filters: [query.chain_ids] }
  const page = pageOf(query, list, ROW_KEYS)
  const { limit } = page
  const end = page.before === undefined ? undefined : page.before - 1
  const start = end === undefined ? (page.after ?? 0) : Math.max(0, end - limit)
  const rows = all.slice(start, end ?? start + limit)
  const last = start + rows.length
  const keys = { first: start + 1, last, hasEarlier: start > 0, hasLater: last < all.length, total: undefined }
  const { before, after } = metaOf(keys, { request: page, list, keys: ROW_KEYS })
  return { rows, pagination: { before, after, total_count: all.length } }
}
