import type { Caller, KeyVerifier } from '../../access/keys.ts'
import { ServiceError } from '../../core/errors.ts'
import type { KeyScope } from '../../store/seam/keys.ts'
import type { CheckedRequest } from './checks.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The caller, set once the route's auth has accepted the request. */
    caller: Caller | undefined
  }
}

/** Returns the key of a request: `x-api-key`, else `api-key`. An empty header counts as no key. */
export function keyOf(request: Pick<CheckedRequest, 'headers'>): string | undefined {
  const { headers } = request
  return text(headers['x-api-key']) ?? text(headers['api-key'])
}

/** Returns the origin that the request states: `Origin`, which browsers set, else `X-Origin`. */
export function originOf(request: Pick<CheckedRequest, 'headers'>): string | undefined {
  return text(request.headers.origin) ?? text(request.headers['x-origin'])
}

function text(header: string | readonly string[] | undefined): string | undefined {
  if (typeof header === 'string') return header === '' ? undefined : header
  return header === undefined ? undefined : header.join(', ')
}

/** The message for a request without a key: where to put it, and how the operator makes one. */
const MISSING = 'API key is missing: send it as x-api-key; "steelyard keys create" makes one'

/**
 * Returns the caller of a request by its key. Returns at once, without a promise, if the key is known.
 * @throws UNAUTHORIZED there is no key; FORBIDDEN it is unknown, revoked, expired, of another scope or not allowed from
 * this origin or address; STORE_UNAVAILABLE
 */
export function requireKey(request: CheckedRequest, keys: KeyVerifier, scope: KeyScope): Caller | Promise<Caller> {
  const raw = keyOf(request)
  if (raw === undefined) throw new ServiceError('UNAUTHORIZED', MISSING)
  const check = keys.verify({ raw, origin: originOf(request), address: request.ip, scope })
  return check instanceof Promise ? check.then(callerOf) : callerOf(check)
}

/**
 * Accepts a request by its key and sets its caller, at once if the key is known.
 * @throws as `requireKey`
 */
export function acceptKey(request: CheckedRequest, keys: KeyVerifier, scope: KeyScope): void | Promise<void> {
  const caller = requireKey(request, keys, scope)
  if (caller instanceof Promise) {
    return caller.then((found) => {
      request.caller = found
    })
  }
  request.caller = caller
}

function callerOf(check: Awaited<ReturnType<KeyVerifier['verify']>>): Caller {
  if (check.ok) return check.caller
  // One message for all reasons, so that callers cannot find out which keys exist. The reason stays in the fields, for
  // logs.
  throw new ServiceError('FORBIDDEN', 'API key is invalid', { fields: { reason: check.reason } })
}
