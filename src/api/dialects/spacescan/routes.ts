import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { TSchema } from 'typebox'
import { addRoute } from '../../http/route.ts'
import type { SpacescanDeps } from './deps.ts'
import * as schema from './schema.ts'
import { tokenBalance } from './token-balance.ts'
import { listTokens, tokenInfo } from './tokens.ts'
import { xchBalance } from './xch-balance.ts'

/** The tag of this dialect's calls. */
export const TAG = 'Spacescan'

/** Returns the dependencies of a request's call. @throws UNAVAILABLE no chain is behind the dialect */
export type Calls = (request: Pick<FastifyRequest, 'host'>) => SpacescanDeps

/** With a key, or without one up to the free tier's limit. */
const KEY_OR_FREE = [{}, { ApiKey: [] }]

const DUST_RULE = 'Coins below 10,000 mojo are left out unless `include_dust` is true.'

/** Adds this dialect's calls. */
export function addCalls(scope: FastifyInstance, calls: Calls): void {
  addRoute(scope, {
    method: 'GET',
    path: '/address/token-balance/:address',
    docs: docs({
      operationId: 'GetTokenBalance',
      summary: 'Every CAT of an address',
      description: 'Confirmed coins only. CATs that the address no longer holds are left out.',
      asOf: true,
    }),
    params: schema.AddressParams,
    query: schema.WindowQuery,
    answer: schema.TokenBalanceAnswer,
    errors: errorsOf(),
    handle: (input, request) => tokenBalance(calls(request), input),
  })
  addRoute(scope, {
    method: 'GET',
    path: '/address/xch-balance/:address',
    docs: docs({ operationId: 'GetXchBalance', summary: 'XCH of an address', description: DUST_RULE, asOf: true }),
    params: schema.AddressParams,
    query: schema.XchBalanceQuery,
    answer: schema.XchBalanceAnswer,
    errors: errorsOf(),
    handle: (input, request) => xchBalance(calls(request), input),
  })
  addRoute(scope, {
    method: 'GET',
    path: '/token/info/:token',
    docs: docs({ operationId: 'GetTokenInfo', summary: 'What is known of a CAT' }),
    params: schema.TokenParams,
    answer: schema.TokenInfoAnswer,
    errors: errorsOf(404),
    handle: ({ params }, request) => tokenInfo(calls(request), params),
  })
  addRoute(scope, {
    method: 'GET',
    path: '/tokens',
    docs: docs({
      operationId: 'ListCats',
      summary: 'CATs of the configured token lists, then those that were indexed',
      asOf: true,
    }),
    answer: schema.TokensAnswer,
    errors: errorsOf(),
    handle: (_input, request) => listTokens(calls(request)),
  })
}

function docs(described: {
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly asOf?: boolean
}) {
  return { ...described, tags: [TAG], security: KEY_OR_FREE }
}

function errorsOf(...statuses: readonly number[]): Readonly<Record<string, TSchema>> {
  const all = [400, 401, ...statuses, 429, 500, 503]
  return Object.fromEntries(all.map((status) => [status, schema.ErrorBody]))
}
