import type { FastifyInstance } from 'fastify'
import type { TObject, TSchema } from 'typebox'
import { addDirectRoute } from '../../http/add-direct-route.ts'
import type { RequestCheck } from '../../http/checks.ts'
import { addRoute, type Route } from '../../http/route.ts'
import { accountBalances, balance, batch } from './balances.ts'
import type { TokenKitDeps } from './deps.ts'
import { balanceHistory } from './history.ts'
import { portfolio } from './portfolio.ts'
import { portfolioHistory } from './portfolio-history.ts'
import { price, priceAt } from './prices.ts'
import { progress } from './progress.ts'
import * as schema from './schema.ts'
import * as more from './schema-lists.ts'
import { searchTokens } from './tokens.ts'
import { transfers } from './transfers.ts'
import { createApiKey, login, noStore, type UserCalls } from './users.ts'

/** The tag of this dialect's calls. */
export const TAG = 'TokenKit'

/** Returns the dependencies of the calls. @throws UNAVAILABLE no chain is behind the dialect */
export type Calls = () => TokenKitDeps

const KEY_OR_SESSION = [{ ApiKey: [] }, { Session: [] }]

type Described = {
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly asOf?: boolean
}

function docs(described: Described, security: readonly Readonly<Record<string, string[]>>[] = KEY_OR_SESSION) {
  return { ...described, tags: [TAG], security }
}

function errorsOf(...statuses: readonly number[]): Readonly<Record<string, TSchema>> {
  return Object.fromEntries([
    ...[400, ...statuses, 500, 503].map((status) => [status, schema.ErrorBody]),
    ...[401, 429].map((status) => [status, schema.DetailBody]),
  ])
}

/** The limits of calls with a session. */
export type SessionChecks = { readonly [Call in 'balance' | 'balances' | 'accountBalances']: RequestCheck }

/** Adds the calls for current balances. */
export function addBalances(scope: FastifyInstance, calls: Calls, checks: SessionChecks): void {
  addDirectRoute(scope, {
    path: '/api/balance',
    docs: docs({ operationId: 'GetBalance', summary: 'Balance of an account in a token', asOf: true }),
    query: schema.BalanceQuery,
    answer: schema.BalanceAnswer,
    errors: errorsOf(404, 502),
    check: checks.balance,
    handle: ({ query }) => balance(calls(), query),
  })
  addRoute(scope, {
    method: 'POST',
    path: '/api/balances',
    docs: docs({
      operationId: 'GetBalances',
      summary: 'Up to 20 balances',
      description: 'A pair that fails is in `errors`; the others are answered.',
      asOf: true,
    }),
    body: schema.BatchBody,
    answer: schema.BatchAnswer,
    errors: errorsOf(413, 415),
    check: checks.balances,
    handle: ({ body }) => batch(calls(), body),
  })
  addDirectRoute(scope, {
    path: '/api/account-balances',
    docs: docs({
      operationId: 'GetAccountBalances',
      summary: 'Every token of an account',
      description: 'Zero balances too, one row per contract, in the order in which the account first met them.',
      asOf: true,
    }),
    query: schema.AccountBalancesQuery,
    answer: schema.AccountBalancesAnswer,
    errors: errorsOf(),
    check: checks.accountBalances,
    handle: ({ query }) => accountBalances(calls(), query),
  })
}

type Get<Query extends TObject, Success extends TSchema> = Described & {
  readonly path: string
  readonly query: Query
  readonly answer: Success
  readonly handle: Route<Success, TObject<Record<never, never>>, Query>['handle']
}

function addGet<Query extends TObject, Success extends TSchema>(scope: FastifyInstance, call: Get<Query, Success>) {
  const { path, query, answer, handle, ...described } = call
  addRoute(scope, { method: 'GET', path, docs: docs(described), query, answer, errors: errorsOf(404), handle })
}

/** Adds the calls over the past and the value of balances. */
export function addHistory(scope: FastifyInstance, calls: Calls): void {
  addGet(scope, {
    path: '/api/balance-history',
    operationId: 'GetBalanceHistory',
    summary: 'Every change of a balance, with the exact balance after it',
    asOf: true,
    query: more.HistoryQuery,
    answer: more.HistoryAnswer,
    handle: ({ query }) => balanceHistory(calls(), query),
  })
  addGet(scope, {
    path: '/api/portfolio',
    operationId: 'GetPortfolio',
    summary: 'What an account holds and what it is worth, now or at a time',
    asOf: true,
    query: more.PortfolioQuery,
    answer: more.PortfolioAnswer,
    handle: ({ query }) => portfolio(calls(), query),
  })
  addGet(scope, {
    path: '/api/portfolio-history',
    operationId: 'GetPortfolioHistory',
    summary: 'The value of an account over time, in intervals',
    asOf: true,
    query: more.PortfolioHistoryQuery,
    answer: more.PortfolioHistoryAnswer,
    handle: ({ query }) => portfolioHistory(calls(), query),
  })
  addGet(scope, {
    path: '/api/transfers',
    operationId: 'ListTransfers',
    summary: 'Transfers that match every given filter, newest first',
    asOf: true,
    query: more.TransfersQuery,
    answer: more.TransfersAnswer,
    handle: ({ query }, request) => transfers(calls(), query, request),
  })
}

/** Adds the calls about tokens, and the progress of the indexer. */
export function addTokens(scope: FastifyInstance, calls: Calls): void {
  addGet(scope, {
    path: '/api/tokens',
    operationId: 'ListTokens',
    summary: 'Tokens by address, symbol or name: those of the configured lists first',
    query: more.TokensQuery,
    answer: more.TokensAnswer,
    handle: ({ query }, request) => searchTokens(calls(), query, request),
  })
  addGet(scope, {
    path: '/api/price',
    operationId: 'GetPrice',
    summary: 'Price of a token in US dollars; 0 if it is not known',
    query: more.PriceQuery,
    answer: more.PriceAnswer,
    handle: ({ query }) => price(calls(), query),
  })
  addGet(scope, {
    path: '/api/price-at',
    operationId: 'GetPriceAt',
    summary: 'Price of a token at a time; 0 if it is not known',
    query: more.PriceAtQuery,
    answer: more.PriceAtAnswer,
    handle: ({ query }) => priceAt(calls(), query),
  })
  addRoute(scope, {
    method: 'GET',
    path: '/api/indexer/progress',
    docs: docs({ operationId: 'GetIndexerProgress', summary: 'How far the chain is indexed' }),
    answer: more.ProgressAnswer,
    errors: errorsOf(),
    handle: () => progress(calls()),
  })
}

/** Adds the login, which needs no key. `check` rejects an address that sent too many bad keys. */
export function addLogin(scope: FastifyInstance, calls: UserCalls, check: RequestCheck): void {
  addRoute(scope, {
    method: 'POST',
    path: '/api/users/auth/login',
    docs: docs({ operationId: 'Login', summary: 'Start a session of 24 hours' }, []),
    body: more.LoginBody,
    answer: more.LoginAnswer,
    errors: { ...errorsOf(413, 415), 401: schema.DetailBody },
    check: async (request, reply) => {
      noStore(request, reply)
      await check(request, reply)
    },
    handle: ({ body }, request) => login(calls, body, request),
  })
}

/** Adds the creation of keys, which needs a session. */
export function addKeys(scope: FastifyInstance, calls: UserCalls): void {
  addRoute(scope, {
    method: 'POST',
    path: '/api/users/auth/create-api-key',
    docs: docs({ operationId: 'CreateApiKey', summary: 'Make a key of the user, which is shown once' }, [
      { Session: [] },
    ]),
    body: more.CreateKeyBody,
    answer: more.CreateKeyAnswer,
    statuses: [201],
    errors: { ...errorsOf(413, 415), 403: schema.DetailBody },
    check: noStore,
    handle: ({ body }, request) => createApiKey(calls, body, request),
  })
}
