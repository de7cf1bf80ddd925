/** Decides which known amount to answer, and when the chain must be read. Asks no node. */
import type { Balance, Known, Observation, UnknownReason } from '../core/balance.ts'
import type { ChainClock } from '../store/seam/chain-clock.ts'
import type { Freshness } from './balances.ts'
import { ageOf } from './freshness.ts'
import { type Failed, isObservation, type ReadResult } from './node-reader.ts'

/** Returns the fact or the read: the one with the higher block. */
export function higher(fact: Balance | undefined, read: Known | undefined): Balance | undefined {
  if (read === undefined) return fact
  return fact?.known === true && fact.block.number >= read.block.number ? fact : read
}

/**
 * Returns the new read, unless what was known before is of a higher block: a node that lags must not replace a newer
 * amount.
 */
export function notBackwards(before: Balance | undefined, fresh: Known | undefined): Balance | undefined {
  if (fresh === undefined) return before
  return before?.known === true && before.block.number > fresh.block.number ? before : fresh
}

/**
 * True if there is no contract on the chain, at a block that is not below that of the earlier answer: the events and
 * reads of a destroyed contract are no longer valid.
 */
export function isGone(before: Balance | undefined, result: Failed | undefined, { published }: ChainClock): boolean {
  if (result?.reason !== 'not_a_token') return false
  // Without an earlier answer, a node that lags behind our blocks may not have the contract yet.
  const from = before?.known === true ? before.block : published
  return from === undefined || result.at === undefined || from.number <= result.at.number
}

/**
 * True for a read above our blocks that is not on the branch of a head polled since: the node went back from that
 * block, or to another one. A read that is newer than the last poll is as reliable as that poll.
 */
export function isDoubtful(
  { block, observedAt }: Pick<Observation, 'block' | 'observedAt'>,
  { published, head, beatAt }: ChainClock,
): boolean {
  if (head === undefined || beatAt === undefined || beatAt < observedAt) return false
  if (published !== undefined && block.number <= published.number) return false
  return block.number > head.number || (block.number === head.number && block.hash !== head.hash)
}

type Question = { readonly clock: ChainClock; readonly freshness: Freshness; readonly now: number }

/**
 * True if the chain must be read: nothing is known, the answer is too old, or it is a read of a block before the
 * newest.
 */
export function mustRead(answer: Balance | undefined, { clock, freshness, now }: Question): boolean {
  if (answer === undefined || !answer.known || freshness.mode === 'force') return true
  if (freshness.mode === 'max_age') return ageOf(answer, now) > freshness.seconds
  return answer.source === 'reads' && answer.block.number < (clock.head?.number ?? 0)
}

/** Returns the failure of a read; undefined if it did not fail. */
export function failureOf(result: ReadResult | undefined): Failed | undefined {
  return result === undefined || isObservation(result) ? undefined : result
}

const ABOUT_CODE: readonly UnknownReason[] = ['not_a_token', 'no_balance_function']

/** Returns why a balance is unknown. A contract's code may be newer than the block of a node that lags behind ours. */
export function reasonOf(failed: Failed | undefined, { published }: ChainClock): UnknownReason {
  if (failed === undefined) return 'node_unavailable'
  const isBehind = failed.at !== undefined && published !== undefined && failed.at.number < published.number
  return isBehind && ABOUT_CODE.includes(failed.reason) ? 'node_unavailable' : failed.reason
}
