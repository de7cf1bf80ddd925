import type { Static } from 'typebox'
import type { AssetRef } from '../../../core/asset.ts'
import { ServiceError } from '../../../core/errors.ts'
import type { TokenInfo } from '../../../tokens/tokens.ts'
import { asOfList } from '../../http/as-of-header.ts'
import type { Reply } from '../../http/route.ts'
import type { Answer } from '../../schema/json-schema.ts'
import { ParameterError } from '../../schema/query.ts'
import type { SpacescanDeps } from './deps.ts'
import { CAT_DECIMALS, pricesOf, renderCat } from './render.ts'
import { MAX_CATS, type TokenInfoAnswer, type TokenParams, type TokensAnswer } from './schema.ts'

/**
 * What is known of a CAT, by its asset id or its token id.
 * @throws NOT_FOUND no list, no price and no address that was asked for has it
 */
export async function tokenInfo(
  deps: SpacescanDeps,
  { token }: Static<typeof TokenParams>,
): Promise<Reply<Answer<Static<typeof TokenInfoAnswer>>>> {
  const { chain, extended, prices, tokens } = deps
  const reference = chain.parseToken(token)
  if (reference === undefined) {
    throw new ParameterError([{ parameter: 'token_id', problem: 'malformed', type: 'string' }])
  }
  const asset: AssetRef = { standard: 'cat', reference }
  const [info] = await tokens.get(chain.id, [asset])
  if (info === undefined || !(await isKnown(deps, info))) throw new ServiceError('NOT_FOUND', 'Token not found')
  const { tags, ...described } = renderCat(info)
  const xch = chain.nativeAsset && prices.find(chain.id, chain.nativeAsset)
  return {
    body: {
      status: 'success',
      info: {
        ...described,
        tags: tags.length === 0 ? null : tags.join(', '),
        type: 'CAT2',
        precision: CAT_DECIMALS,
        ...(extended ? pricesOf(info, xch) : {}),
      },
    },
  }
}

async function isKnown({ balances, chain }: SpacescanDeps, { asset, listed, price }: TokenInfo): Promise<boolean> {
  return listed || price !== undefined || (await balances.known({ chain: chain.id, asset })) !== undefined
}

/** The CATs of the configured lists, then those that were indexed. With too many, the answer is marked as incomplete. */
export async function listTokens(deps: SpacescanDeps): Promise<Reply<Answer<Static<typeof TokensAnswer>>>> {
  const { chain, finder, tokens, now } = deps
  const { rows, more } = await finder.search(chain.id, { standards: ['cat'], offset: 0, limit: MAX_CATS })
  const assets = rows.map(({ asset }) => asset)
  const infos = assets.length === 0 ? [] : await tokens.get(chain.id, assets)
  // The list is of no block, so the header only says that there are others.
  const asOf = more ? { asOf: asOfList(chain.id, undefined, now()) } : {}
  return { body: { status: 'success', cats: infos.map(renderCat) }, ...asOf }
}
