import type { ChainConfig } from '../config/chains.ts'
import { isServiceError } from '../core/errors.ts'
import { gatherPerTick } from '../core/per-tick.ts'
import type { FollowRequests } from '../store/seam/followed.ts'
import type { Logger } from './log.ts'

/**
 * How long a request is not repeated, in seconds: the history of an account takes some seconds, and an operator may stop
 * following it.
 */
const REMEMBERED_SECONDS = 60
/** While the limit is reached, it is looked at again after so many seconds: an operator may free places. */
const FULL_SECONDS = 10
/** Most accounts remembered as requested, some 100 bytes each. */
const MAX_REMEMBERED = 10_000

/** The dependencies of `requestFollowing`. `now`: Unix seconds. */
export type RequestingDeps = {
  readonly chain: Pick<ChainConfig, 'id' | 'scope' | 'followedMax'>
  readonly requests: FollowRequests
  readonly log: Logger
  readonly now: () => number
}

/**
 * Returns a function that requests that an account be followed. Requests of one tick are written together. It never throws,
 * and does nothing on a chain that does not follow accounts. Above the limit of the chain, accounts are not followed.
 */
export function requestFollowing({ chain, requests, log, now }: RequestingDeps): (account: string) => void {
  const { id, scope, followedMax = 0 } = chain
  if (scope.type !== 'accounts') return () => undefined
  const configured = new Set(scope.accounts)
  const requestedAt = new Map<string, number>()
  let fullAt: number | undefined

  async function write(accounts: readonly string[]): Promise<void> {
    try {
      const max = followedMax - configured.size
      const added = await requests.add({ chain: id, accounts, max, at: now() })
      const wasFull = fullAt !== undefined
      fullAt = added === accounts.length ? undefined : now()
      if (fullAt !== undefined && !wasFull) {
        const fields = { chain: id, followed_max: followedMax }
        log.warn(fields, 'no more accounts are followed: others are read from the node for each question')
      }
    } catch (error) {
      if (!isServiceError(error)) throw error
      for (const account of accounts) requestedAt.delete(account)
      log.warn({ chain: id, error: error.message }, 'an account cannot be requested to be followed')
    }
  }

  const gather = gatherPerTick<string>((accounts) => void write(accounts))
  return (account) => {
    const at = requestedAt.get(account)
    if (configured.has(account) || (at !== undefined && now() - at < REMEMBERED_SECONDS)) return
    if (fullAt !== undefined && now() - fullAt < FULL_SECONDS) return
    if (requestedAt.size >= MAX_REMEMBERED) requestedAt.clear()
    requestedAt.set(account, now())
    gather(account)
  }
}
