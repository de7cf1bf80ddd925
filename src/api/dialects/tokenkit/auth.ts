import type { BadKeys } from '../../../access/bad-keys.ts'
import type { KeyVerifier } from '../../../access/keys.ts'
import type { RateLimit } from '../../../access/rate-limit.ts'
import type { SessionCaller, Sessions } from '../../../access/sessions.ts'
import { isServiceError, ServiceError } from '../../../core/errors.ts'
import type { AnswerHeaders, CheckedRequest } from '../../http/checks.ts'
import { countCall, tooManyCalls } from '../../http/count-call.ts'
import { acceptKey, keyOf } from '../../http/require-key.ts'

/** Who may call. */
export type Access = { readonly keys: KeyVerifier; readonly sessions: Sessions; readonly badKeys: BadKeys }

/** The session of a request, set once it was accepted without a key. */
const SESSIONS = new WeakMap<CheckedRequest, SessionCaller>()

/** Returns the session that a request was accepted with; undefined if it was accepted with a key. */
export function sessionOf(request: CheckedRequest): SessionCaller | undefined {
  return SESSIONS.get(request)
}

/** The token has any form: one that is not ours is a bad one. */
const BEARER = /^Bearer +(\S.*)$/i

/**
 * Accepts a request with a key that may read, or with a session. A key comes before a session. A bad key, or an invalid
 * session, counts against the caller's address; a missing one does not.
 * @throws UNAUTHORIZED, FORBIDDEN, TOO_MANY_REQUESTS the address sent too many bad keys
 */
export function admit(request: CheckedRequest, reply: AnswerHeaders, access: Access): void | Promise<void> {
  rejectBlocked(request, reply, access.badKeys)
  if (keyOf(request) === undefined) return admitWithSession(request, access)
  try {
    return acceptKey(request, access.keys, 'read')?.catch((error: unknown) => rejectKey(error, request, access))
  } catch (error) {
    return rejectKey(error, request, access)
  }
}

/** Counts a bad key against the caller's address. @throws the error of the key's check */
async function rejectKey(error: unknown, request: CheckedRequest, { badKeys }: Access): Promise<never> {
  if (isServiceError(error, 'FORBIDDEN')) await badKeys.noteBad(request.ip)
  throw error
}

async function admitWithSession(request: CheckedRequest, access: Access): Promise<void> {
  const session = await readSession(request, access)
  if (session === 'missing') throw new ServiceError('UNAUTHORIZED', 'API key or session is missing')
  if (session === 'invalid') throw new ServiceError('FORBIDDEN', 'Session is invalid')
}

/**
 * Accepts a request for a call that only a session may make. Without a valid one, the call itself answers. An invalid
 * session counts against the caller's address.
 * @throws TOO_MANY_REQUESTS the address sent too many bad keys
 */
export async function admitSession(request: CheckedRequest, reply: AnswerHeaders, access: Access): Promise<void> {
  rejectBlocked(request, reply, access.badKeys)
  await readSession(request, access)
}

/** Remembers the request's session if it is valid. An invalid one is counted as a bad key. */
async function readSession(
  request: CheckedRequest,
  { sessions, badKeys }: Access,
): Promise<'valid' | 'invalid' | 'missing'> {
  const [, token] = BEARER.exec(request.headers.authorization ?? '') ?? []
  if (token === undefined) return 'missing'
  const session = await sessions.verify(token)
  if (session === undefined) {
    await badKeys.noteBad(request.ip)
    return 'invalid'
  }
  SESSIONS.set(request, session)
  return 'valid'
}

/** Rejects an address that sent too many bad keys or passwords. @throws TOO_MANY_REQUESTS */
export function rejectBlocked(request: CheckedRequest, reply: AnswerHeaders, badKeys: BadKeys): void {
  const blocked = badKeys.blockOf(request.ip)
  if (blocked !== undefined) throw tooManyCalls(reply, blocked)
}

/** Counts a call of a session's user, and sets the headers of the limit. Calls with a key are not counted. */
export function limitSession(request: CheckedRequest, reply: AnswerHeaders, limit: RateLimit): void | Promise<void> {
  const session = sessionOf(request)
  if (session !== undefined) return countCall(reply, limit, session.userId)
}
