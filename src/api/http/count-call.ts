import { type LimitResult, type RateLimit, rateLimitHeaders } from '../../access/rate-limit.ts'
import { ServiceError } from '../../core/errors.ts'
import type { AnswerHeaders } from './checks.ts'

/** Counts a call by its key, and sets the headers of the limit. @throws TOO_MANY_REQUESTS it is above the limit */
export async function countCall(reply: AnswerHeaders, limit: RateLimit, key: string): Promise<void> {
  const result = await limit.take(key)
  if (!result.allowed) throw tooManyCalls(reply, result)
  reply.headers(rateLimitHeaders(result))
}

/** Sets the headers of a limit that refused a call, and returns its error. */
export function tooManyCalls(reply: AnswerHeaders, result: LimitResult): ServiceError {
  reply.headers(rateLimitHeaders(result))
  return new ServiceError('TOO_MANY_REQUESTS', tooManyMessage(result))
}

/** The message for a caller above a limit. */
export function tooManyMessage({ resetSeconds }: LimitResult): string {
  return `Too many requests: try again in ${resetSeconds} seconds`
}
