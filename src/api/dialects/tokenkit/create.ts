import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import type { BadKeys } from '../../../access/bad-keys.ts'
import type { KeyVerifier, UserKeyRequest } from '../../../access/keys.ts'
import { RateLimit, type SharedCounts } from '../../../access/rate-limit.ts'
import type { Sessions } from '../../../access/sessions.ts'
import type { Balances } from '../../../balances/balances.ts'
import type { History } from '../../../balances/history.ts'
import type { Prices } from '../../../tokens/prices.ts'
import type { TokenFinder, Tokens } from '../../../tokens/tokens.ts'
import { backingChain, mustBeServed } from '../../http/backing-chain.ts'
import { addCheck } from '../../http/checks.ts'
import type { ServedChain } from '../../http/deps.ts'
import type { Dialect, DialectDefinition } from '../../http/dialect.ts'
import { admit, admitSession, limitSession, rejectBlocked } from './auth.ts'
import { renderError } from './errors.ts'
import { tokenKitExamples } from './examples.ts'
import { addNotBuilt } from './not-built.ts'
import { addBalances, addHistory, addKeys, addLogin, addTokens, type Calls, type SessionChecks, TAG } from './routes.ts'
import { type TokenKitSettings, tokenKitSettings } from './settings.ts'

/** What this dialect is made of. `issueUserKey`: as in `access/keys.ts`. */
export type TokenKitDialectDeps = {
  readonly balances: Balances
  readonly history: History
  readonly tokens: Tokens
  readonly finder: TokenFinder
  readonly prices: Prices
  readonly chains: readonly ServedChain[]
  readonly keys: KeyVerifier
  readonly issueUserKey: (request: UserKeyRequest) => Promise<string | undefined>
  readonly sessions: Sessions
  readonly badKeys: BadKeys
  /** Where the calls of sessions are counted, if other processes answer too. */
  readonly counts?: SharedCounts | undefined
  readonly now: () => number
  readonly log: FastifyBaseLogger
}

/** TokenKit's calls over one chain: https://docs.tokenkithq.io. */
export const TOKENKIT: DialectDefinition<'tokenkit', TokenKitSettings, TokenKitDialectDeps> = {
  property: 'tokenkit',
  key: 'tokenkit',
  settings: tokenKitSettings,
  create: createTokenKit,
}

function createTokenKit(deps: TokenKitDialectDeps, settings: TokenKitSettings): Dialect {
  const chain = backingChain(deps.chains, { chain: settings.chain, namespace: 'starknet' })
  if (chain === undefined) {
    const name = settings.chain ?? 'a Starknet chain'
    deps.log.info(`${name} is not configured: tokenkit answers its calls with 503`)
  }
  const calls: Calls = () => {
    const { balances, history, tokens, finder, prices, now } = deps
    return { balances, history, tokens, finder, prices, chain: mustBeServed(chain), now }
  }
  return {
    name: 'tokenkit',
    prefixes: ['/api/'],
    register: (scope) => register(scope, { calls, deps, settings }),
    renderError,
    tag: TAG,
    examples: () => tokenKitExamples(chain),
  }
}

function register(
  scope: FastifyInstance,
  { calls, deps, settings }: { calls: Calls; deps: TokenKitDialectDeps; settings: TokenKitSettings },
): void {
  const { keys, issueUserKey, sessions, badKeys, now } = deps
  const access = { keys, sessions, badKeys }
  const users = { sessions, badKeys, issueUserKey, now }
  addLogin(scope, users, (request, reply) => rejectBlocked(request, reply, badKeys))
  addNotBuilt(scope)
  scope.register(async (guarded) => {
    addCheck(guarded, (request, reply) => admit(request, reply, access))
    addBalances(guarded, calls, sessionChecks(settings, deps.counts))
    addHistory(guarded, calls)
    addTokens(guarded, calls)
  })
  scope.register(async (own) => {
    addCheck(own, (request, reply) => admitSession(request, reply, access))
    addKeys(own, users)
  })
}

/** Users that each limit remembers within its minute. */
const MAX_LIMITED_USERS = 100_000

function sessionChecks({ sessionPerMinute }: TokenKitSettings, counts: SharedCounts | undefined): SessionChecks {
  const check = (call: keyof SessionChecks, name: string): SessionChecks['balance'] => {
    const policy = { name, points: sessionPerMinute[call], seconds: 60, maxKeys: MAX_LIMITED_USERS }
    const limit = new RateLimit(policy, counts)
    return (request, reply) => limitSession(request, reply, limit)
  }
  return {
    balance: check('balance', 'balance'),
    balances: check('balances', 'balances'),
    accountBalances: check('accountBalances', 'account-balances'),
  }
}
