import type { FastifyInstance } from 'fastify'
import type { TObject, TSchema } from 'typebox'
import { addRoute, type Route } from '../../http/route.ts'
import { zulu } from '../../http/utc-time.ts'
import { addAddress, listAddresses } from './addresses.ts'
import { createKey, listKeys, revokeKey } from './api-keys.ts'
import { balances } from './balances.ts'
import { coinPrice } from './coin-price.ts'
import type { CoboDeps } from './deps.ts'
import { one } from './envelope.ts'
import { getHold, placeHold, releaseHold } from './holds.ts'
import { listAssets, listChains, searchTokens } from './metadata.ts'
import * as schema from './schema.ts'
import * as wallet from './schema-wallets.ts'
import { transactions } from './transactions.ts'
import { createWallet, getWallet, listWallets, updateWallet } from './wallets.ts'

/** The tag of this dialect's calls. */
export const TAG = 'Cobo'

type Described = {
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly asOf?: boolean
}

const KEY = [{ ApiKey: [] }]

/** A key is optional only where the configuration has an anonymous principal, who may read. */
function readersOf({ anonymous }: CoboDeps): readonly Readonly<Record<string, string[]>>[] {
  return anonymous === undefined ? KEY : [...KEY, {}]
}

function docs(described: Described, security: readonly Readonly<Record<string, string[]>>[] = KEY) {
  return { ...described, tags: [TAG], security }
}

function errorsOf(...statuses: readonly number[]): Readonly<Record<string, TSchema>> {
  return Object.fromEntries([
    ...[401, 403, ...statuses, 500, 503].map((status) => [status, schema.ErrorBody]),
    [422, schema.InvalidBody],
  ])
}

type Get<Query extends TObject, Success extends TSchema> = Described & {
  readonly path: string
  readonly query: Query
  readonly answer: Success
  readonly handle: Route<Success, TObject<Record<never, never>>, Query>['handle']
}

function addGet<Query extends TObject, Success extends TSchema>(
  scope: FastifyInstance,
  deps: CoboDeps,
  call: Get<Query, Success>,
) {
  const { path, query, answer, handle, ...described } = call
  addRoute(scope, {
    method: 'GET',
    path,
    docs: docs(described, readersOf(deps)),
    query,
    answer,
    errors: errorsOf(),
    handle,
  })
}

/** Adds the calls about balances and transactions. */
export function addBalances(scope: FastifyInstance, deps: CoboDeps): void {
  addGet(scope, deps, {
    path: '/api/v1/wallets/balances',
    operationId: 'ListWalletBalances',
    summary: 'Balances of all wallets over all chains',
    description:
      'What can be spent (`amount`), what is not final yet (`pending`), what is held (`locked`), and what the chain says (`total`).',
    asOf: true,
    query: schema.BalancesQuery,
    answer: schema.BalancesAnswer,
    handle: ({ query }, request) => balances(deps, query, request),
  })
  addGet(scope, deps, {
    path: '/api/v1/wallets/transactions',
    operationId: 'ListWalletTransactions',
    summary: 'Transfers of all wallets over all chains',
    description:
      'Ordered by address and token, then as on the chain. Transfers of native assets are no events, so they are not listed.',
    asOf: true,
    query: schema.TransactionsQuery,
    answer: schema.TransactionsAnswer,
    handle: ({ query }, request) => transactions(deps, query, request),
  })
}

/** Adds the calls that read wallets, their addresses and holds. */
export function addWalletReads(scope: FastifyInstance, deps: CoboDeps): void {
  addGet(scope, deps, {
    path: '/api/v1/wallets',
    operationId: 'ListWallets',
    summary: 'Wallets, in the order of creation',
    query: wallet.WalletsQuery,
    answer: wallet.WalletsAnswer,
    handle: ({ query }, request) => listWallets(deps, query, request),
  })
  addRoute(scope, {
    method: 'GET',
    path: '/api/v1/wallets/:wallet_uuid',
    docs: docs({ operationId: 'GetWallet', summary: 'One wallet' }, readersOf(deps)),
    params: wallet.WalletPath,
    answer: wallet.WalletAnswer,
    errors: errorsOf(404),
    handle: ({ params }, request) => getWallet(deps, params.wallet_uuid, request),
  })
  addRoute(scope, {
    method: 'GET',
    path: '/api/v1/wallets/:wallet_uuid/addresses',
    docs: docs({ operationId: 'ListWalletAddresses', summary: 'Addresses of a wallet' }, readersOf(deps)),
    params: wallet.WalletPath,
    query: wallet.AddressesQuery,
    answer: wallet.AddressesAnswer,
    errors: errorsOf(404),
    handle: ({ params, query }, request) => listAddresses(deps, { wallet: params.wallet_uuid, query }, request),
  })
  addRoute(scope, {
    method: 'GET',
    path: '/api/v1/wallets/:wallet_uuid/holds/:hold_id',
    docs: docs({ operationId: 'GetHold', summary: 'One hold' }, readersOf(deps)),
    params: wallet.HoldPath,
    answer: wallet.HoldAnswer,
    errors: errorsOf(404),
    handle: ({ params }, request) => getHold(deps, { wallet: params.wallet_uuid, id: params.hold_id }, request),
  })
}

const WRITES = errorsOf(400, 404, 413, 415)

/** Adds the calls that change wallets, their addresses and holds. */
export function addWalletWrites(scope: FastifyInstance, deps: CoboDeps): void {
  addRoute(scope, {
    method: 'POST',
    path: '/api/v1/wallets',
    docs: docs({ operationId: 'CreateWallet', summary: 'Make a wallet' }),
    body: wallet.CreateWalletBody,
    answer: wallet.WalletAnswer,
    statuses: [201],
    errors: WRITES,
    handle: ({ body }, request) => createWallet(deps, body, request),
  })
  addRoute(scope, {
    method: 'PATCH',
    path: '/api/v1/wallets/:wallet_uuid',
    docs: docs({ operationId: 'UpdateWallet', summary: 'Change the name, the status or the metadata of a wallet' }),
    params: wallet.WalletPath,
    body: wallet.UpdateWalletBody,
    answer: wallet.WalletAnswer,
    errors: WRITES,
    handle: ({ params, body }, request) => updateWallet(deps, { wallet: params.wallet_uuid, body }, request),
  })
  addRoute(scope, {
    method: 'POST',
    path: '/api/v1/wallets/:wallet_uuid/addresses',
    docs: docs({
      operationId: 'AddWalletAddress',
      summary: 'Watch an address, or the next one below the xpub of the wallet',
      description: 'An address is watched on every configured chain of its family, and these follow it.',
    }),
    params: wallet.WalletPath,
    body: wallet.AddAddressBody,
    answer: wallet.AddressAnswer,
    statuses: [201],
    errors: WRITES,
    handle: ({ params, body }, request) => addAddress(deps, { wallet: params.wallet_uuid, body }, request),
  })
  addRoute(scope, {
    method: 'POST',
    path: '/api/v1/wallets/:wallet_uuid/holds',
    docs: docs({
      operationId: 'PlaceHold',
      summary: 'Set a part of a balance aside',
      description: 'At most the `amount` of the balance. A repeat with the same `request_id` returns the first hold.',
    }),
    params: wallet.WalletPath,
    body: wallet.PlaceHoldBody,
    answer: wallet.HoldAnswer,
    statuses: [201],
    errors: WRITES,
    handle: ({ params, body }, request) => placeHold(deps, { wallet: params.wallet_uuid, body }, request),
  })
  addRoute(scope, {
    method: 'DELETE',
    path: '/api/v1/wallets/:wallet_uuid/holds/:hold_id',
    docs: docs({ operationId: 'ReleaseHold', summary: 'Release a hold' }),
    params: wallet.HoldPath,
    answer: wallet.NothingAnswer,
    errors: errorsOf(404),
    handle: ({ params }, request) => releaseHold(deps, { wallet: params.wallet_uuid, id: params.hold_id }, request),
  })
}

/** Adds the calls about chains, tokens and prices. */
export function addMetadata(scope: FastifyInstance, deps: CoboDeps): void {
  addGet(scope, deps, {
    path: '/api/v1/metadata/chains',
    operationId: 'ListChains',
    summary: 'The configured chains',
    query: wallet.MetadataQuery,
    answer: wallet.ChainsAnswer,
    handle: ({ query }, request) => listChains(deps, query, request),
  })
  addGet(scope, deps, {
    path: '/api/v1/metadata/assets',
    operationId: 'ListKnownAssets',
    summary: 'Native assets, and tokens of the configuration and of token lists',
    query: wallet.MetadataQuery,
    answer: wallet.AssetsAnswer,
    handle: ({ query }, request) => listAssets(deps, query, request),
  })
  addGet(scope, deps, {
    path: '/api/v1/metadata/tokens/search',
    operationId: 'SearchTokens',
    summary: 'Tokens by symbol: those of token lists first',
    description: 'A token that no list has may have any symbol: its id has its contract.',
    query: wallet.TokenSearchQuery,
    answer: wallet.TokenSearchAnswer,
    handle: ({ query }) => searchTokens(deps, query),
  })
  addGet(scope, deps, {
    path: '/api/v1/coin-price',
    operationId: 'GetCoinPrice',
    summary: 'Prices of coins in US dollars',
    query: wallet.CoinPriceQuery,
    answer: wallet.CoinPriceAnswer,
    handle: ({ query }) => coinPrice(deps, query),
  })
}

/** Adds the calls that manage the keys of the caller's principal. */
export function addKeys(scope: FastifyInstance, deps: CoboDeps): void {
  addRoute(scope, {
    method: 'POST',
    path: '/api/v1/api-keys',
    docs: docs({ operationId: 'CreateKey', summary: 'Make a key of the same principal, which is shown once' }),
    body: wallet.CreateKeyBody,
    answer: wallet.CreatedKeyAnswer,
    statuses: [201],
    errors: errorsOf(400, 413, 415),
    // The answer has a secret: no cache may keep it.
    check: (_request, reply) => void reply.headers({ 'cache-control': 'no-store' }),
    handle: ({ body }, request) => createKey(deps, body, request),
  })
  addRoute(scope, {
    method: 'GET',
    path: '/api/v1/api-keys',
    docs: docs({ operationId: 'ListKeys', summary: 'The keys of the principal, without their secrets' }),
    answer: wallet.KeysAnswer,
    errors: errorsOf(),
    handle: (_input, request) => listKeys(deps, request),
  })
  addRoute(scope, {
    method: 'DELETE',
    path: '/api/v1/api-keys/:key_id',
    docs: docs({ operationId: 'RevokeKey', summary: 'Revoke a key of the principal permanently' }),
    params: wallet.KeyPath,
    answer: wallet.NothingAnswer,
    errors: errorsOf(404),
    handle: ({ params }, request) => revokeKey(deps, params.key_id, request),
  })
}

/** Adds the call that needs no key. */
export function addPing(scope: FastifyInstance, now: () => number): void {
  addRoute(scope, {
    method: 'GET',
    path: '/api/v1/ping',
    docs: docs({ operationId: 'Ping', summary: 'The server answers' }, []),
    answer: wallet.PingAnswer,
    errors: { '4xx': schema.ErrorBody, 500: schema.ErrorBody },
    handle: async () => ({ body: one({ status: 'ok', timestamp: zulu(now()) }) }),
  })
}
