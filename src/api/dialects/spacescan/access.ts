import { subscriberNetwork } from '../../../access/addresses.ts'
import type { KeyVerifier } from '../../../access/keys.ts'
import type { RateLimit } from '../../../access/rate-limit.ts'
import type { AnswerHeaders, CheckedRequest } from '../../http/checks.ts'
import { countCall } from '../../http/count-call.ts'
import { acceptKey, keyOf } from '../../http/require-key.ts'

/** Who may call. `free`: the limit of callers without a key, by their address; undefined: none. */
export type Access = { readonly keys: KeyVerifier; readonly free: RateLimit | undefined }

/**
 * Accepts a request with a key that may read, which is the pro tier, or without one, which is the free tier.
 * @throws FORBIDDEN the key is not valid; TOO_MANY_REQUESTS the address is above the free tier's limit
 */
export function admit(request: CheckedRequest, reply: AnswerHeaders, { keys, free }: Access): void | Promise<void> {
  if (keyOf(request) !== undefined) return acceptKey(request, keys, 'read')
  if (free !== undefined) return countCall(reply, free, subscriberNetwork(request.ip))
}
