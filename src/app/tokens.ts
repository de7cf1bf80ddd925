/** Part of the composition root: what is known of tokens, over the running chains. */
import { parseToken } from '../chains/registry.ts'
import type { ChainId } from '../core/chain.ts'
import { ServiceError } from '../core/errors.ts'
import type { TokenStore } from '../store/seam/tokens.ts'
import { TokenMetadata } from '../tokens/metadata.ts'
import type { Prices } from '../tokens/prices.ts'
import type { TokenLists } from '../tokens/token-lists.ts'
import { TokenSearch } from '../tokens/token-search.ts'
import type { TokenFinder, Tokens } from '../tokens/tokens.ts'
import type { Logger } from './log.ts'
import type { OpenChain } from './open-chain.ts'
import type { RunningChain } from './running-chain.ts'

/** How long a request waits for a token's facts, in milliseconds: below the deadline of a request. */
const TOKEN_READ_MS = 5_000

/** What the tokens are made of. `now`: Unix seconds. */
export type TokenParts = {
  readonly chains: readonly RunningChain[]
  readonly lists: TokenLists
  readonly prices: Prices
  readonly log: Logger
  readonly now: () => number
}

/** Metadata and search of tokens. Each call finds its chain open or fails. */
export function makeTokens({ chains, lists, prices, log, now }: TokenParts): {
  readonly tokens: Tokens
  readonly finder: TokenFinder
} {
  const byId = new Map(chains.map((chain) => [chain.config.id, chain]))
  const used = (id: ChainId): OpenChain => {
    const chain = byId.get(id)
    if (chain === undefined) throw new ServiceError('CHAIN_UNSUPPORTED', `chain ${id} is not served here`)
    return chain.use()
  }
  const storeOf = async (id: ChainId): Promise<TokenStore> => used(id).reads.tokens
  const tokens = new TokenMetadata({
    storeOf,
    readTokens: (id, assets) => used(id).reader.readTokens(assets, AbortSignal.timeout(TOKEN_READ_MS)),
    lists,
    prices,
    now,
    warn: (message, fields) => log.warn(fields, message),
  })
  return { tokens, finder: new TokenSearch({ storeOf, lists, parseToken }) }
}
