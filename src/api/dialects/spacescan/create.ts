import type { FastifyBaseLogger } from 'fastify'
import type { KeyVerifier } from '../../../access/keys.ts'
import { RateLimit, type SharedCounts } from '../../../access/rate-limit.ts'
import type { Balances } from '../../../balances/balances.ts'
import type { Prices } from '../../../tokens/prices.ts'
import type { TokenFinder, Tokens } from '../../../tokens/tokens.ts'
import { backingChain, mustBeServed } from '../../http/backing-chain.ts'
import { addCheck } from '../../http/checks.ts'
import type { ServedChain } from '../../http/deps.ts'
import type { Dialect, DialectDefinition } from '../../http/dialect.ts'
import { admit } from './access.ts'
import { renderError } from './errors.ts'
import { spacescanExamples } from './examples.ts'
import { addCalls, type Calls, TAG } from './routes.ts'
import { type SpacescanSettings, spacescanSettings } from './settings.ts'

/** What this dialect is made of. */
export type SpacescanDialectDeps = {
  readonly balances: Balances
  readonly tokens: Tokens
  readonly finder: TokenFinder
  readonly prices: Prices
  readonly chains: readonly ServedChain[]
  readonly keys: KeyVerifier
  /** Where the calls of the free tier are counted, if other processes answer too. */
  readonly counts?: SharedCounts | undefined
  readonly now: () => number
  readonly log: FastifyBaseLogger
}

/** Spacescan's calls over one chain, or two: https://docs.spacescan.io. */
export const SPACESCAN: DialectDefinition<'spacescan', SpacescanSettings, SpacescanDialectDeps> = {
  property: 'spacescan',
  key: 'spacescan',
  settings: spacescanSettings,
  create: createSpacescan,
}

/** Addresses that the free tier's limit remembers within its minute, about 13 MB. */
const MAX_FREE_ADDRESSES = 20_000

function createSpacescan(deps: SpacescanDialectDeps, settings: SpacescanSettings): Dialect {
  const { balances, tokens, finder, prices, keys, now } = deps
  const { extended, freePerMinute } = settings
  const chains = chainsOf(deps, settings)
  const calls: Calls = (request) => {
    const chain = TESTNET_HOST.test(request.host) ? chains.test : chains.main
    return { balances, tokens, finder, prices, chain: mustBeServed(chain), extended, now }
  }
  const policy = { name: 'free', points: freePerMinute, seconds: 60, maxKeys: MAX_FREE_ADDRESSES }
  const free = freePerMinute === 0 ? undefined : new RateLimit(policy, deps.counts)
  return {
    name: 'spacescan',
    prefixes: ['/address/', '/token/', '/tokens/'],
    register: (scope) => {
      const access = { keys, free }
      addCheck(scope, (request, reply) => admit(request, reply, access))
      addCalls(scope, calls)
    },
    renderError,
    tag: TAG,
    examples: () => spacescanExamples(finder, chains.main),
  }
}

/** How the vendor's hosts for its testnet begin. */
const TESTNET_HOST = /^api-testnet11\./i

/** Returns the chains of the vendor's main hosts and of its testnet's. Undefined: it is not configured. */
function chainsOf(
  { chains, log }: Pick<SpacescanDialectDeps, 'chains' | 'log'>,
  { chain, testnet }: SpacescanSettings,
): { readonly main: ServedChain | undefined; readonly test: ServedChain | undefined } {
  const find = (wanted: SpacescanSettings['chain']): ServedChain | undefined => {
    const found = backingChain(chains, { chain: wanted, namespace: 'chia' })
    if (found === undefined) {
      log.info(`${wanted ?? 'a Chia chain'} is not configured: spacescan answers its calls with 503`)
    }
    return found
  }
  const main = find(chain)
  return { main, test: testnet === undefined ? main : find(testnet) }
}
