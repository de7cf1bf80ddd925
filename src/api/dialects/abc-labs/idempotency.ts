import { createHash } from 'node:crypto'
import { ServiceError } from '../../../core/errors.ts'
import { canonicalText, type Json, JsonNumber } from '../../../json/exact-json.ts'
import type { Idempotency } from '../../../ledger/ledger.ts'
import type { JsonRequest } from '../../http/route.ts'

/** 1 to 255 visible ASCII characters. A repeated header arrives joined by a comma and a space, so it does not match. */
const KEY = /^[\x21-\x7e]{1,255}$/

/** A body as its call reads it: without unknown fields and without null. */
export type ReadBody = Readonly<Record<string, string | number | boolean | undefined>>

/**
 * Returns what makes a retry of a request safe: its `Idempotency-Key`, scoped to the caller and the path, and a hash of
 * its body as the call reads it. Undefined without the header. The caller is the principal, so a retry may use a newer
 * key of the same principal.
 * @throws BAD_REQUEST
 */
export function idempotencyOf(request: JsonRequest, body: ReadBody): Idempotency | undefined {
  const key = request.headers['idempotency-key']
  if (key === undefined) return undefined
  if (typeof key !== 'string' || !KEY.test(key)) {
    throw new ServiceError('BAD_REQUEST', 'Idempotency-Key must be 1 to 255 visible ASCII characters')
  }
  return {
    // Paths hold no spaces, so different pairs of path and principal give different scopes.
    scope: `${request.routeOptions.url ?? ''} ${request.caller?.principal ?? ''}`,
    key,
    fingerprint: createHash('sha256')
      .update(canonicalText(contentOf(body)))
      .digest('hex'),
  }
}

/** Returns the content that the hash covers. An absent field and a false one mean the same. */
function contentOf(body: ReadBody): Json {
  const content = new Map<string, Json>()
  for (const [name, value] of Object.entries(body)) {
    if (value === undefined || value === false) continue
    content.set(name, typeof value === 'number' ? new JsonNumber(String(value)) : value)
  }
  return content
}
