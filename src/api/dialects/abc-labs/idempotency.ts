import { createHash } from 'node:crypto'
import { ServiceError } from '../../../core/errors.ts'
import { canonicalText, type Json, JsonNumber } from '../../../json/exact-json.ts'
import type { Idempotency } from '../../../ledger/ledger.ts'
import type { JsonRequest } from '../../http/route.ts'

/** 1 to 255 visible ASCII characters. A header that is sent twice arrives joined by a comma and a space: it is none. */
const KEY = /^[\x21-\x7e]{1,255}$/

/** A body as its call reads it: without what it does not know, and without null. */
export type ReadBody = Readonly<Record<string, string | number | boolean | undefined>>

/**
 * What makes a retry of a request safe: its `Idempotency-Key` within what this caller sent to this path, and a hash of
 * its body as the call reads it. Undefined without the header. The caller is the principal, so that a retry may come with
 * a newer key of the same principal.
 * @throws BAD_REQUEST
 */
export function idempotencyOf(request: JsonRequest, body: ReadBody): Idempotency | undefined {
  const key = request.headers['idempotency-key']
  if (key === undefined) return undefined
  if (typeof key !== 'string' || !KEY.test(key)) {
    throw new ServiceError('BAD_REQUEST', 'Idempotency-Key must be 1 to 255 visible ASCII characters')
  }
  return {
    // A path holds no space, so no principal and path read as another pair.
    scope: `${request.routeOptions.url ?? ''} ${request.caller?.principal ?? ''}`,
    key,
    fingerprint: createHash('sha256')
      .update(canonicalText(contentOf(body)))
      .digest('hex'),
  }
}

/** What counts of a body: a field that is absent and one that is false ask for the same. */
function contentOf(body: ReadBody): Json {
  const content = new Map<string, Json>()
  for (const [name, value] of Object.entries(body)) {
    if (value === undefined || value === false) continue
    content.set(name, typeof value === 'number' ? new JsonNumber(String(value)) : value)
  }
  return content
}
