import type { FastifyReply } from 'fastify'
import type { CheckedRequest } from './checks.ts'

// Every page may read every answer: the server uses no cookies, only keys.
const EXPOSED = [
  'Retry-After',
  'RateLimit',
  'RateLimit-Policy',
  'RateLimit-Limit',
  'RateLimit-Remaining',
  'RateLimit-Reset',
  'X-Request-Id',
  'Balance-As-Of',
].join(', ')
const ALLOWED = 'x-api-key, api-key, authorization, content-type, idempotency-key, x-origin'
/** How long a browser may cache a preflight. */
const MAX_AGE_SECONDS = '86400'

/** The CORS headers of every answer, including errors. */
export const CORS_HEADERS: Readonly<Record<string, string>> = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': EXPOSED,
}

/** True for the request that a browser sends before a cross-origin request (Fetch, section 4.8). */
export function isPreflight(request: Pick<CheckedRequest, 'method' | 'headers'>): boolean {
  const { headers } = request
  return (
    request.method === 'OPTIONS' &&
    headers.origin !== undefined &&
    headers['access-control-request-method'] !== undefined
  )
}

/**
 * True if the request comes from a page of one of these origins, or from no page at all. Browsers put `Origin` on every
 * request that can write, and pages cannot prevent it. Undefined: all origins are allowed.
 */
export function allowsOrigin(
  origins: readonly string[] | undefined,
  request: Pick<CheckedRequest, 'headers'>,
): boolean {
  const { origin } = request.headers
  return origins === undefined || origin === undefined || origins.includes(origin)
}

/** Answers a preflight with 204, these methods and our request headers. Browsers may cache it for a day. */
export function answerPreflight(reply: FastifyReply, methods: string): FastifyReply {
  return reply
    .code(204)
    .header('access-control-allow-methods', methods)
    .header('access-control-allow-headers', ALLOWED)
    .header('access-control-max-age', MAX_AGE_SECONDS)
    .send()
}
