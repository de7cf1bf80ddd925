import type { Caller, KeyCheck, KeyVerifier } from '../../../access/keys.ts'
import type { KeyScope } from '../../../access/scopes.ts'
import { assert } from '../../../core/assert.ts'
import { ServiceError } from '../../../core/errors.ts'
import type { CheckedRequest } from '../../http/checks.ts'
import { keyOf, originOf } from '../../http/require-key.ts'

/** Who may call. `anonymous`: the principal of callers without a key. */
export type Access = { readonly keys: KeyVerifier; readonly anonymous: string | undefined }

/** What a caller without a key may do: nothing that changes something, since any page of the web could make such calls. */
const ANONYMOUS_SCOPE: KeyScope = 'wallet:read'

/**
 * Sets the caller of a request by its key, or the anonymous one. A key that is given must be valid.
 * @throws UNAUTHORIZED the key is missing or invalid; FORBIDDEN it is valid, but without the scope; STORE_UNAVAILABLE
 */
export async function admit(request: CheckedRequest, scope: KeyScope, { keys, anonymous }: Access): Promise<void> {
  const raw = keyOf(request)
  if (raw !== undefined) {
    request.caller = callerOf(await keys.verify({ raw, origin: originOf(request), address: request.ip, scope }), scope)
    return
  }
  if (anonymous === undefined || scope !== ANONYMOUS_SCOPE) {
    throw new ServiceError('UNAUTHORIZED', 'API key is missing: send it as X-API-Key')
  }
  request.caller = { keyId: '', principal: anonymous, scopes: [ANONYMOUS_SCOPE] }
}

function callerOf(check: KeyCheck, scope: KeyScope): Caller {
  if (check.ok) return check.caller
  const { reason } = check
  if (reason === 'scope') throw new ServiceError('FORBIDDEN', `The API key does not have the scope ${scope}`)
  throw new ServiceError('UNAUTHORIZED', 'API key is invalid', { fields: { reason } })
}

/** The caller that `admit` accepted. */
export function callerOfRequest({ caller }: Pick<CheckedRequest, 'caller'>): Caller {
  assert(caller !== undefined, 'the call is behind the key check')
  return caller
}

/** The principal of the caller that `admit` accepted. Everything is scoped to it. */
export function principalOf(request: Pick<CheckedRequest, 'caller'>): string {
  return callerOfRequest(request).principal
}
