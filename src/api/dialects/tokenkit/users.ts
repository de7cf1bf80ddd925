import type { FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import type { BadKeys } from '../../../access/bad-keys.ts'
import { MAX_KEYS_PER_USER, type UserKeyRequest } from '../../../access/keys.ts'
import { parseAddressRange, parseOrigin } from '../../../access/origins.ts'
import { type LimitResult, rateLimitHeaders } from '../../../access/rate-limit.ts'
import type { Sessions } from '../../../access/sessions.ts'
import { ServiceError } from '../../../core/errors.ts'
import type { AnswerHeaders, CheckedRequest } from '../../http/checks.ts'
import { tooManyMessage } from '../../http/count-call.ts'
import { type Reply, VendorError } from '../../http/route.ts'
import { zulu } from '../../http/utc-time.ts'
import type { Answer } from '../../schema/json-schema.ts'
import { ParameterError } from '../../schema/query.ts'
import { sessionOf } from './auth.ts'
import type { CreateKeyAnswer, CreateKeyBody, LoginAnswer, LoginBody } from './schema-lists.ts'

/** What logging in and making keys need. `issueUserKey`: as in `access/keys.ts`. */
export type UserCalls = {
  readonly sessions: Sessions
  readonly badKeys: BadKeys
  readonly issueUserKey: (request: UserKeyRequest) => Promise<string | undefined>
  readonly now: () => number
}

/**
 * Starts a session. A wrong name or password is 401, and counts as a bad key. Once the address is blocked, it is 429 for
 * any password, also for a login that was under way, so that the answer does not tell which password is right.
 * @throws UNAUTHORIZED
 */
export async function login(
  { sessions, badKeys }: UserCalls,
  { username, password }: Static<typeof LoginBody>,
  request: FastifyRequest,
): Promise<Reply<Answer<Static<typeof LoginAnswer>>> | VendorError> {
  const result = await sessions.login({ username, password }, () => badKeys.blockOf(request.ip))
  if (result !== undefined) return 'token' in result ? { body: { token: result.token } } : tooMany(result.block)
  await badKeys.noteBad(request.ip)
  throw new ServiceError('UNAUTHORIZED', 'Username or password is wrong')
}

function tooMany(block: LimitResult): VendorError {
  return new VendorError({ status: 429, body: { detail: tooManyMessage(block) }, headers: rateLimitHeaders(block) })
}

/**
 * Makes a key of the session's user, which is shown once. Without a valid session it is 403, also with a key. It is 400
 * if the user has the most keys already: waiting does not help, so it is no 429.
 */
export async function createApiKey(
  { issueUserKey, now }: UserCalls,
  body: Static<typeof CreateKeyBody>,
  request: FastifyRequest,
): Promise<Reply<Answer<Static<typeof CreateKeyAnswer>>> | VendorError> {
  const session = sessionOf(request)
  if (session === undefined) return new VendorError({ status: 403, body: { detail: NO_SESSION } })
  const { name, allowed_origins: origins = [], allowed_ips: ips = [] } = body
  mustFit('allowed_origins', origins, parseOrigin)
  mustFit('allowed_ips', ips, parseAddressRange)
  const createdAt = now()
  const { principal, userId } = session
  const raw = await issueUserKey({ name, principal, userId, origins, ips, createdAt })
  if (raw === undefined) return new VendorError({ status: 400, body: { success: false, error: TOO_MANY_KEYS } })
  const answer = { api_key: raw, name, allowed_origins: origins, allowed_ips: ips, created_at: zulu(createdAt) }
  return { status: 201, body: answer }
}

const NO_SESSION = 'Only a valid session may create keys'
const TOO_MANY_KEYS = `A user has at most ${MAX_KEYS_PER_USER} keys: the operator can revoke some`

function mustFit(name: string, values: readonly string[], parse: (value: string) => string | undefined): void {
  const bad = values.findIndex((value) => parse(value) === undefined)
  if (bad !== -1) throw new ParameterError([{ parameter: `${name}.${bad}`, problem: 'malformed', type: 'string' }])
}

/** Answers that hold a secret are never kept by a cache. */
export function noStore(_request: CheckedRequest, reply: AnswerHeaders): void {
  reply.headers({ 'cache-control': 'no-store' })
}
