import type { FastifyReply, FastifyRequest } from 'fastify'

// Every answer may be read by any page: no cookies are ever used, the key is all.
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
/** How long a browser may remember a preflight. */
const MAX_AGE_SECONDS = '86400'

/** The headers of every answer, errors too. */
export const CORS_HEADERS: Readonly<Record<string, string>> = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': EXPOSED,
}

/** True for the question that a browser asks before a cross-origin request (Fetch, section 4.8). */
export function isPreflight(request: FastifyRequest): boolean {
  const { headers } = request
  return (
    request.method === 'OPTIONS' &&
    headers.origin !== undefined &&
    headers['access-control-request-method'] !== undefined
  )
}

/**
 * True where a request comes from a page of one of these origins, or from no page at all: browsers put `Origin` on every
 * request that could write, and no page can keep them from it. Undefined: all origins are welcome.
 */
export function allowsOrigin(origins: readonly string[] | undefined, request: FastifyRequest): boolean {
  const { origin } = request.headers
  return origins === undefined || origin === undefined || origins.includes(origin)
}

/** Answers a preflight: 204, these methods, our request headers, for a day. */
export function answerPreflight(reply: FastifyReply, methods: string): FastifyReply {
  return reply
    .code(204)
    .header('access-control-allow-methods', methods)
    .header('access-control-allow-headers', ALLOWED)
    .header('access-control-max-age', MAX_AGE_SECONDS)
    .send()
}
