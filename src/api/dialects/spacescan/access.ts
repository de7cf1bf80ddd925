import type { FastifyReply, FastifyRequest } from 'fastify'
import { subscriberNetwork } from '../../../access/addresses.ts'
import type { KeyVerifier } from '../../../access/keys.ts'
import type { RateLimit } from '../../../access/rate-limit.ts'
import { countCall } from '../../http/count-call.ts'
import { keyOf, requireKey } from '../../http/require-key.ts'

/** Who may call. `free`: the limit of callers without a key, by their address; undefined: none. */
export type Access = { readonly keys: KeyVerifier; readonly free: RateLimit | undefined }

/**
 * Accepts a request with a key that may read, which is the pro tier, or without one, which is the free tier.
 * @throws FORBIDDEN the key is not valid; TOO_MANY_REQUESTS the address is above the free tier's limit
 */
export async function admit(request: FastifyRequest, reply: FastifyReply, { keys, free }: Access): Promise<void> {
  if (keyOf(request) !== undefined) request.caller = await requireKey(request, keys, 'read')
  else if (free !== undefined) await countCall(reply, free, subscriberNetwork(request.ip))
}
