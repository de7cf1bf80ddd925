import type { FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { type ListedKey, MAX_KEYS_PER_PRINCIPAL } from '../../../access/principal-keys.ts'
import { grants, type KeyScope, SCOPES } from '../../../access/scopes.ts'
import { ServiceError } from '../../../core/errors.ts'
import type { Reply } from '../../http/route.ts'
import { parseTime, zulu } from '../../http/utc-time.ts'
import type { Answer } from '../../schema/json-schema.ts'
import { callerOfRequest, principalOf } from './access.ts'
import type { CoboDeps } from './deps.ts'
import { one } from './envelope.ts'
import { wrongValue } from './errors.ts'
import type { CreatedKeyAnswer, CreateKeyBody, KeysAnswer, NothingAnswer } from './schema-wallets.ts'
import { mustExist } from './wallets.ts'

type KeyDeps = Pick<CoboDeps, 'principalKeys' | 'now'>
type KeyRead = Answer<Static<typeof KeysAnswer>>['result'][number]

/** What a new key may do unless its maker says otherwise. */
const DEFAULT_SCOPES: readonly KeyScope[] = ['wallet:read']

/**
 * Makes a key of the caller's principal, which is shown once. It may do what the caller's key may do, at most.
 * @throws FORBIDDEN a scope is more than the caller's; ParameterError; BAD_REQUEST the principal has the most keys
 */
export async function createKey(
  { principalKeys, now }: KeyDeps,
  body: Static<typeof CreateKeyBody>,
  request: FastifyRequest,
): Promise<Reply<Answer<Static<typeof CreatedKeyAnswer>>>> {
  const caller = callerOfRequest(request)
  const scopes = body.scopes === undefined ? DEFAULT_SCOPES : SCOPES.filter((scope) => body.scopes?.includes(scope))
  const above = scopes.find((scope) => !grants(caller.scopes, scope))
  if (above !== undefined) throw new ServiceError('FORBIDDEN', `The API key does not have the scope ${above}`)
  const expiresAt = expiryOf(body.expires_at, now())
  const made = await principalKeys.issue({
    name: body.name,
    principal: caller.principal,
    scopes,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  })
  if (made === undefined) {
    throw new ServiceError('BAD_REQUEST', `At most ${MAX_KEYS_PER_PRINCIPAL} keys may be active: revoke some`)
  }
  const api_key = keyOf({ ...made.stored, user: undefined, usedAt: undefined }, now())
  return { status: 201, body: one({ api_key, raw_key: made.raw }) }
}

/** The keys of the caller's principal, oldest first. @throws STORE_UNAVAILABLE */
export async function listKeys(
  { principalKeys, now }: KeyDeps,
  request: FastifyRequest,
): Promise<Reply<Answer<Static<typeof KeysAnswer>>>> {
  const keys = await principalKeys.list(principalOf(request))
  return { body: one(keys.map((key) => keyOf(key, now()))) }
}

/** Revokes a key of the caller's principal. @throws NOT_FOUND, STORE_UNAVAILABLE */
export async function revokeKey(
  { principalKeys }: KeyDeps,
  id: string,
  request: FastifyRequest,
): Promise<Reply<Answer<Static<typeof NothingAnswer>>>> {
  mustExist((await principalKeys.revoke(principalOf(request), id)) ? id : undefined)
  return { body: one(null) }
}

const BAD_TIME = { is: 'value', type: 'datetime_parsing', says: 'Input should be a time in ISO 8601' } as const
const PAST = { is: 'value', type: 'datetime_future', says: 'Input should be in the future' } as const

/** Unix seconds of a time in the future. @throws ParameterError */
function expiryOf(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined
  const seconds = parseTime(text)
  if (seconds === undefined) throw wrongValue('body', 'expires_at', BAD_TIME)
  if (seconds <= now) throw wrongValue('body', 'expires_at', PAST)
  return seconds
}

function keyOf(key: ListedKey, now: number): KeyRead {
  const time = (at: number | undefined): string | null => (at === undefined ? null : zulu(at))
  return {
    id: key.id,
    name: key.name,
    scopes: key.scopes,
    status: statusOf(key, now),
    created_at: zulu(key.createdAt),
    expires_at: time(key.expiresAt),
    last_used_at: time(key.usedAt),
  }
}

function statusOf({ revokedAt, user, expiresAt }: ListedKey, now: number): KeyRead['status'] {
  if (revokedAt !== undefined) return 'revoked'
  if (user?.disabledAt !== undefined) return 'disabled'
  return expiresAt !== undefined && expiresAt <= now ? 'expired' : 'active'
}
