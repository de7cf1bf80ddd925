import type { FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { WALLET_STATUSES, WALLET_TYPES, type Wallet } from '../../../core/custody.ts'
import { ServiceError } from '../../../core/errors.ts'
import { exactText, type Json } from '../../../json/exact-json.ts'
import type { Reply } from '../../http/route.ts'
import { zulu } from '../../http/utc-time.ts'
import type { Answer } from '../../schema/json-schema.ts'
import { ParameterError } from '../../schema/query.ts'
import { principalOf } from './access.ts'
import { userIdOf } from './balances.ts'
import type { CursorList } from './cursor.ts'
import type { CoboDeps } from './deps.ts'
import { one, rowsWith } from './envelope.ts'
import { metaOf, pageOf, ROW_KEYS } from './paging.ts'
import type { CreateWalletBody, UpdateWalletBody, WalletAnswer, WalletsAnswer, WalletsQuery } from './schema-wallets.ts'

type WalletDeps = Pick<CoboDeps, 'custody'>
type Answered = Reply<Answer<Static<typeof WalletAnswer>>>

/** Makes a wallet of the caller. @throws ParameterError, BAD_REQUEST, STORE_UNAVAILABLE */
export async function createWallet(
  { custody }: WalletDeps,
  body: Static<typeof CreateWalletBody>,
  request: FastifyRequest,
): Promise<Answered> {
  const type = WALLET_TYPES.find((known) => known === body.wallet_type) ?? WALLET_TYPES[0]
  const metadata = metadataText(body.metadata)
  const wallet = await custody.wallets.create({ principal: principalOf(request), type, name: body.name, metadata })
  return { status: 201, body: one(walletOf(wallet)) }
}

/** A wallet of the caller. @throws NOT_FOUND */
export async function getWallet({ custody }: WalletDeps, wallet: string, request: FastifyRequest): Promise<Answered> {
  return { body: one(walletOf(mustExist(await custody.wallets.get({ principal: principalOf(request), wallet })))) }
}

/** Changes a wallet of the caller. @throws NOT_FOUND, ParameterError, BAD_REQUEST, STORE_UNAVAILABLE */
export async function updateWallet(
  { custody }: WalletDeps,
  { wallet, body }: { readonly wallet: string; readonly body: Static<typeof UpdateWalletBody> },
  request: FastifyRequest,
): Promise<Answered> {
  const status = WALLET_STATUSES.find((known) => known === body.status)
  const change = { name: body.name, status, metadata: metadataText(body.metadata) }
  const changed = await custody.wallets.update({ principal: principalOf(request), wallet, ...change })
  return { body: one(walletOf(mustExist(changed))) }
}

/** A page of the caller's wallets, in the order of creation. @throws ParameterError, STORE_UNAVAILABLE */
export async function listWallets(
  { custody }: WalletDeps,
  query: Static<typeof WalletsQuery>,
  request: FastifyRequest,
): Promise<Reply<Answer<Static<typeof WalletsAnswer>>>> {
  const principal = principalOf(request)
  const includeArchived = query.include_archived
  const list: CursorList = { name: 'wallets', principal, filters: [`${includeArchived}`] }
  const page = pageOf(query, list, ROW_KEYS)
  const found = await custody.wallets.list({ principal, includeArchived, page })
  const meta = metaOf(found, { request: page, list, keys: ROW_KEYS })
  return { body: rowsWith(found.rows.map(walletOf), meta) }
}

/** Returns what the path names. Another principal's is as if it did not exist. @throws NOT_FOUND */
export function mustExist<T>(found: T | undefined): T {
  if (found === undefined) throw new ServiceError('NOT_FOUND', 'Not found')
  return found
}

function metadataText(given: Json | undefined): string | undefined {
  if (given === undefined) return undefined
  if (given instanceof Map) return exactText(given)
  throw new ParameterError([{ part: 'body', parameter: 'metadata', problem: 'malformed', type: 'object' }])
}

function walletOf(wallet: Wallet): Answer<Static<typeof WalletAnswer>>['result'] {
  const { uuid, principal, type, name, status, metadata, createdAt, updatedAt } = wallet
  return {
    uuid,
    wallet_type: type,
    name,
    owner_id: userIdOf(principal),
    cobo_wallet_id: uuid,
    status,
    metadata,
    created_at: zulu(createdAt),
    updated_at: zulu(updatedAt),
    main_node_id: null,
  }
}
