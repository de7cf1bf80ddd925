import type { FastifyBaseLogger } from 'fastify'
import type { Caller, KeyVerifier } from '../../../access/keys.ts'
import type { Balances } from '../../../balances/balances.ts'
import type { Tokens } from '../../../tokens/tokens.ts'
import { addCheck, type RequestCheck } from '../../http/checks.ts'
import type { ServedChain } from '../../http/deps.ts'
import type { Dialect, DialectDefinition } from '../../http/dialect.ts'
import { acceptKey, keyOf } from '../../http/require-key.ts'
import { chainbaseChains, chainFinder, nativeFinder } from './chains.ts'
import { renderError } from './errors.ts'
import { chainbaseExamples } from './examples.ts'
import { addCalls, TAG } from './routes.ts'
import { type ChainbaseSettings, chainbaseSettings } from './settings.ts'

/** What this dialect is made of. */
export type ChainbaseDialectDeps = {
  readonly balances: Balances
  readonly tokens: Tokens
  readonly chains: readonly ServedChain[]
  readonly keys: KeyVerifier
  readonly now: () => number
  readonly log: FastifyBaseLogger
}

/** Chainbase's token and balance calls over the configured EVM chains: https://docs.chainbase.com. */
export const CHAINBASE: DialectDefinition<'chainbase', ChainbaseSettings, ChainbaseDialectDeps> = {
  property: 'chainbase',
  key: 'chainbase',
  settings: chainbaseSettings,
  create: createChainbase,
}

/** The key of the vendor's own example request. */
const DEMO_KEY = 'demo'
const DEMO_CALLER: Caller = { keyId: DEMO_KEY, principal: 'default', scopes: ['read'] }

function createChainbase(deps: ChainbaseDialectDeps, settings: ChainbaseSettings): Dialect {
  const { balances, tokens, now } = deps
  const { chains } = deps
  const [chainOf, nativeOf] = [chainFinder(chains), nativeFinder(chains)]
  const calls = { balances, tokens, now, chainOf, nativeOf, balanceFormat: settings.balance }
  if (chainbaseChains(deps.chains).length === 0) {
    deps.log.info('no EVM chain is configured: the calls of chainbase answer 400 for every chain_id')
  }
  return {
    name: 'chainbase',
    prefixes: ['/v1/account/', '/v1/token/'],
    register: (scope) => {
      addCheck(scope, keyCheck(deps.keys, settings.demoKey))
      addCalls(scope, calls)
    },
    renderError,
    tag: TAG,
    examples: () => chainbaseExamples(deps.chains, settings.demoKey ? DEMO_KEY : undefined),
  }
}

/** Accepts a request with a key that may read. */
function keyCheck(keys: KeyVerifier, demoKey: boolean): RequestCheck {
  return (request) => {
    if (!demoKey || keyOf(request) !== DEMO_KEY) return acceptKey(request, keys, 'read')
    request.caller = DEMO_CALLER
  }
}
