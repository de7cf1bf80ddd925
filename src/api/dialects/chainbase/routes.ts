import type { FastifyInstance } from 'fastify'
import type { Static, TObject, TSchema } from 'typebox'
import type { Soon } from '../../../core/soon.ts'
import { addDirectRoute, type Direct } from '../../http/add-direct-route.ts'
import { addRoute, type Reply } from '../../http/route.ts'
import type { Answer } from '../../schema/json-schema.ts'
import { accountBalance } from './account-balance.ts'
import { accountTokens } from './account-tokens.ts'
import type { ChainbaseDeps } from './deps.ts'
import * as schema from './schema.ts'
import * as token from './token.ts'

/** The tag of this dialect's calls. */
export const TAG = 'Chainbase'

/** Adds this dialect's calls. */
export function addCalls(scope: FastifyInstance, deps: ChainbaseDeps): void {
  const add = <Query extends TObject, Body extends TSchema>(call: Call<Query, Body>) =>
    addRoute(scope, { ...routeOf(deps, call), method: 'GET' })
  const addDirect = <Query extends TObject, Body extends TSchema>(call: Call<Query, Body>) =>
    addDirectRoute(scope, routeOf(deps, call))
  addDirect({
    path: '/v1/account/tokens',
    operationId: 'GetAccountTokens',
    summary: 'ERC-20 balances of an account',
    description:
      'Every ERC-20 token that the account ever received, zero balances too, in the order in which it first met them; or only the listed contracts.',
    query: schema.AccountTokensQuery,
    answer: schema.AccountTokensAnswer,
    call: accountTokens,
  })
  addDirect({
    path: '/v1/account/balance',
    operationId: 'GetAccountBalance',
    summary: 'Native balance of an account',
    query: schema.AccountBalanceQuery,
    answer: schema.AccountBalanceAnswer,
    call: accountBalance,
  })
  add({
    path: '/v1/token/metadata',
    operationId: 'GetTokenMetadata',
    summary: 'Metadata of a token',
    query: schema.TokenQuery,
    answer: schema.TokenMetadataAnswer,
    asOf: false,
    call: token.metadata,
  })
  add({
    path: '/v1/token/holders',
    operationId: 'GetTokenHolders',
    summary: 'Accounts that hold a token, by balance',
    query: schema.TokenPageQuery,
    answer: schema.TokenHoldersAnswer,
    call: token.holders,
  })
  add({
    path: '/v1/token/top-holders',
    operationId: 'GetTopTokenHolders',
    summary: 'Accounts that hold a token, with their balances',
    query: schema.TokenPageQuery,
    answer: schema.TopHoldersAnswer,
    call: token.topHolders,
  })
  add({
    path: '/v1/token/price',
    operationId: 'GetTokenPrice',
    summary: 'Price of a token in US dollars',
    query: schema.TokenQuery,
    answer: schema.TokenPriceAnswer,
    asOf: false,
    call: token.price,
  })
  add({
    path: '/v1/token/transfers',
    operationId: 'GetTokenTransfers',
    summary: 'Transfers of a token, newest first',
    query: schema.TransfersQuery,
    answer: schema.TokenTransfersAnswer,
    call: token.transfers,
  })
}

type Call<Query extends TObject, Body extends TSchema> = {
  readonly path: string
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly query: Query
  readonly answer: Body
  /** False for calls without a block: metadata and prices. */
  readonly asOf?: boolean
  readonly call: (deps: ChainbaseDeps, query: Static<Query>) => Soon<Reply<Answer<Static<Body>>>>
}

/** The error statuses of every call. */
const STATUSES = ['400', '401', '403', '404', '422', '429', '500', '503']
const ERRORS = Object.fromEntries(STATUSES.map((status) => [status, schema.ErrorMessage]))

function routeOf<Query extends TObject, Body extends TSchema>(
  deps: ChainbaseDeps,
  route: Call<Query, Body>,
): Direct<Body, Query> {
  const { path, operationId, summary, description, query, answer, call } = route
  return {
    path,
    docs: {
      operationId,
      summary,
      tags: [TAG],
      security: [{ ApiKey: [] }],
      asOf: route.asOf ?? true,
      ...(description === undefined ? {} : { description }),
    },
    query,
    answer,
    errors: ERRORS,
    handle: (input) => call(deps, input.query),
  }
}
