import type { FastifyInstance } from 'fastify'
import type { Static, TObject, TSchema } from 'typebox'
import { addRoute, type Reply, type VendorError } from '../../http/route.ts'
import type { Answer } from '../../schema/json-schema.ts'
import type { AbcDeps } from './deps.ts'
import { bodyError, vendorError } from './errors.ts'
import * as read from './read.ts'
import * as schema from './schema.ts'
import type { AbcLabsSettings } from './settings.ts'
import * as write from './write.ts'

/** The tag of this dialect's calls. */
export const TAG = 'ABC-Labs'

/** Dependencies of the routes: access to the ledger, and the settings that decide who may call. */
export type Service = { readonly calls: () => AbcDeps; readonly settings: AbcLabsSettings }

/** Adds the calls that read. */
export function addReads(scope: FastifyInstance, service: Service): void {
  addRead(scope, service, {
    path: '/api/tokens/balance',
    operationId: 'CheckTokenBalance',
    summary: 'Balance of a wallet in an asset',
    description: 'A known wallet without the asset has balance 0, also for an unknown asset. An unknown wallet is 404.',
    query: schema.BalanceQuery,
    answer: schema.BalanceAnswer,
    statuses: [404],
    asOf: true,
    invalid: () => vendorError('MISSING_QUERY_PARAM'),
    call: read.balance,
  })
  addRead(scope, service, {
    path: '/api/tokens/transactions',
    operationId: 'ListLedgerTransactions',
    summary: 'The audit trail: every accepted operation, oldest first',
    query: schema.TransactionsQuery,
    answer: schema.TransactionsAnswer,
    call: read.transactions,
  })
  addRead(scope, service, {
    path: '/api/assets',
    operationId: 'ListAssets',
    summary: 'Registered assets, in the order of their registration',
    query: schema.AssetsQuery,
    answer: schema.AssetsAnswer,
    call: read.assets,
  })
}

/** Adds the calls that write. */
export function addWrites(scope: FastifyInstance, service: Service): void {
  addWrite(scope, service, {
    path: '/api/tokens/mint',
    operationId: 'MintToken',
    summary: 'Create tokens of an asset in a wallet',
    description: 'An unknown wallet is created, unless wallets must be registered first.',
    body: schema.MintBody,
    answer: schema.MintAnswer,
    call: write.mint,
  })
  addWrite(scope, service, {
    path: '/api/tokens/transfer',
    operationId: 'TransferToken',
    summary: 'Move tokens between wallets',
    description: 'An unknown receiver is created, unless wallets must be registered first. An overdraft is rejected.',
    body: schema.TransferBody,
    answer: schema.TransferAnswer,
    call: write.transfer,
  })
  addWrite(scope, service, {
    path: '/api/tokens/burn',
    operationId: 'BurnToken',
    summary: 'Destroy tokens of a wallet',
    body: schema.BurnBody,
    answer: schema.BurnAnswer,
    call: write.burn,
  })
  addWrite(scope, service, {
    path: '/api/assets',
    operationId: 'RegisterAsset',
    summary: 'Register an asset, so that it can be minted',
    description: '201 for a new asset, 200 for an identical repetition, 409 for different content.',
    body: schema.AssetBody,
    answer: schema.AssetAnswer,
    statuses: [200, 201],
    call: write.registerAsset,
  })
  addWrite(scope, service, {
    path: '/api/wallets',
    operationId: 'RegisterWallet',
    summary: 'Register a wallet',
    description: '201 for a new wallet, 200 for a registered one.',
    body: schema.WalletBody,
    answer: schema.WalletAnswer,
    statuses: [200, 201],
    call: write.registerWallet,
  })
}

/** The documented parts that both kinds of calls share. */
type Described = {
  readonly path: string
  readonly operationId: string
  readonly summary: string
  readonly description?: string
}

function docsOf({ settings }: Service, { operationId, summary, description }: Described) {
  return {
    operationId,
    summary,
    tags: [TAG],
    security: settings.keys ? [{ ApiKey: [] }] : [],
    ...(description === undefined ? {} : { description }),
  }
}

function errorsOf(statuses: readonly number[]): Readonly<Record<string, TSchema>> {
  return Object.fromEntries(statuses.map((status) => [status, schema.ErrorBody]))
}

type ReadCall<Query extends TObject, Body extends TSchema> = Described & {
  readonly query: Query
  readonly answer: Body
  /** Error statuses in addition to those of every call. */
  readonly statuses?: readonly number[]
  readonly asOf?: boolean
  readonly invalid?: () => VendorError
  readonly call: (deps: AbcDeps, query: Static<Query>) => Promise<Reply<Answer<Static<Body>>> | VendorError>
}

function addRead<Query extends TObject, Body extends TSchema>(
  scope: FastifyInstance,
  service: Service,
  route: ReadCall<Query, Body>,
): void {
  const { path, query, answer, invalid, call } = route
  addRoute(scope, {
    method: 'GET',
    path,
    docs: { ...docsOf(service, route), asOf: route.asOf ?? false },
    query,
    answer,
    errors: errorsOf([400, 401, 403, ...(route.statuses ?? []), 500, 503]),
    ...(invalid === undefined ? {} : { invalid }),
    handle: (input) => call(service.calls(), input.query),
  })
}

type WriteCall<Body extends TObject, Success extends TSchema> = Described & {
  readonly body: Body
  readonly answer: Success
  readonly statuses?: readonly number[]
  readonly call: (
    deps: AbcDeps,
    given: write.Write<Static<Body>>,
  ) => Promise<Reply<Answer<Static<Success>>> | VendorError>
}

function addWrite<Body extends TObject, Success extends TSchema>(
  scope: FastifyInstance,
  service: Service,
  route: WriteCall<Body, Success>,
): void {
  const { settings } = service
  addRoute(scope, {
    method: 'POST',
    path: route.path,
    docs: docsOf(service, route),
    headers: schema.WriteHeaders,
    body: route.body,
    answer: route.answer,
    statuses: route.statuses ?? [200],
    errors: errorsOf([400, 401, 403, 404, 409, 413, 415, 500, 503]),
    origins: settings.keys ? undefined : settings.origins,
    invalid: bodyError,
    handle: ({ body }, request) => route.call(service.calls(), { body, request }),
  })
}
