import { createHash } from 'node:crypto'
import { ServiceError } from '../../../core/errors.ts'
import type { Idempotency } from '../../../ledger/ledger.ts'
import { canonicalText } from '../../exact-json.ts'
import type { JsonRequest } from '../../route.ts'

/** 1 to 255 visible ASCII characters. A header that is sent twice arrives joined by a comma and a space: it is none. */
const KEY = /^[\x21-\x7e]{1,255}$/

/**
 * What makes a retry of a request safe: its `Idempotency-Key` within what this caller sent to this path, and a hash of
 * its body's content. Undefined without the header. The caller is the principal, so that a retry may come with a newer
 * key of the same principal.
 * @throws BAD_REQUEST
 */
export function idempotencyOf(request: JsonRequest): Idempotency | undefined {
  const key = request.headers['idempotency-key']
  if (key === undefined) return undefined
  if (typeof key !== 'string' || !KEY.test(key)) {
    throw new ServiceError('BAD_REQUEST', 'Idempotency-Key must be 1 to 255 visible ASCII characters')
  }
  const content = canonicalText(request.body ?? null)
  return {
    // A path holds no space, so no principal and path read as another pair.
    scope: `${request.routeOptions.url ?? ''} ${request.caller?.principal ?? ''}`,
    key,
    fingerprint: createHash('sha256').update(content).digest('hex'),
  }
}
