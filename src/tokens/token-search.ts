import type { AssetRef } from '../core/asset.ts'
import type { ChainId } from '../core/chain.ts'
import type { TokenStore } from '../store/seam/tokens.ts'
import type { ParseToken, TokenLists } from './token-lists.ts'
import type { FoundToken, TokenFinder } from './tokens.ts'

/** What a search needs. */
export type SearchSources = {
  readonly storeOf: (chain: ChainId) => Promise<TokenStore>
  readonly lists: TokenLists
  readonly parseToken: ParseToken
}

/**
 * Searches the tokens of the configured lists and those that were indexed. Listed tokens come first, in the order of the
 * lists, also those that the chain never showed. The others follow in the order in which they were indexed, so that new
 * ones append. Text that is an address finds that contract. Other text finds listed tokens with
 * it anywhere in their symbol or name, and others that begin with it, in any case of the letters A to Z.
 */
export class TokenSearch implements TokenFinder {
  readonly #sources: SearchSources

  constructor(sources: SearchSources) {
    this.#sources = sources
  }

  /** As `TokenFinder.search`. @throws STORE_UNAVAILABLE */
  async search(chain: ChainId, query: Parameters<TokenFinder['search']>[1]): ReturnType<TokenFinder['search']> {
    const { storeOf, lists } = this.#sources
    const { standards, listed, offset, limit } = query
    const wanted = query.text?.trim() ?? ''
    const reference = wanted === '' ? undefined : this.#sources.parseToken(chain, wanted)
    const match = reference === undefined ? undefined : { reference }
    const isText = wanted !== '' && reference === undefined
    const ofLists =
      listed === false || !standards.includes(lists.standardOf(chain))
        ? []
        : lists.search(chain, isText ? { text: wanted } : match)
    const first = ofLists.slice(offset, offset + limit).map((asset): FoundToken => ({ asset, listed: true }))
    if (listed === true) return { rows: first, more: ofLists.length > offset + limit }
    const found = await (await storeOf(chain)).search({
      match: isText ? { beginning: wanted } : match,
      standards,
      except: listed === false ? lists.search(chain, undefined) : ofLists,
      offset: Math.max(0, offset - ofLists.length),
      limit: limit - first.length,
    })
    const others = found.assets.map((asset): FoundToken => ({ asset, listed: this.#isListed(chain, asset) }))
    return { rows: [...first, ...others], more: found.more || ofLists.length > offset + limit }
  }

  #isListed(chain: ChainId, asset: AssetRef): boolean {
    return this.#sources.lists.find(chain, asset) !== undefined
  }
}
