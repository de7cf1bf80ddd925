/** Which of what is known of a balance is answered, and when the chain has to be asked: decided without asking anybody. */
import type { Balance, Known, Observation } from '../core/balance.ts'
import type { ChainClock } from '../store/seam/store.ts'
import type { Freshness } from './balances.ts'
import { ageOf } from './freshness.ts'
import type { Failed } from './node-reader.ts'

/** Whichever of fact and read names the higher block. */
export function higher(fact: Balance | undefined, read: Known | undefined): Balance | undefined {
  if (read === undefined) return fact
  return fact?.known === true && fact.block.number >= read.block.number ? fact : read
}

/** What was just read, unless what was known before is of a higher block: a node that lags takes nothing back. */
export function notBackwards(before: Balance | undefined, fresh: Known | undefined): Balance | undefined {
  if (fresh === undefined) return before
  return before?.known === true && before.block.number > fresh.block.number ? before : fresh
}

/**
 * True where the chain says that there is no contract, at a block that is not below the one of what was known before: the
 * events and reads of a destroyed contract say nothing of it any more.
 */
export function isGone(before: Balance | undefined, result: Failed | undefined): boolean {
  if (result?.reason !== 'not_a_token') return false
  return before?.known !== true || result.at === undefined || before.block.number <= result.at.number
}

/**
 * True of a read above our blocks that the head, as it was polled since, does not lead to: the node has gone back from
 * that block, or to another one. A read that is younger than the last poll is as good a word as that poll's.
 */
export function isDoubtful({ block, observedAt }: Observation, { published, head, beatAt }: ChainClock): boolean {
  if (head === undefined || beatAt === undefined || beatAt < observedAt) return false
  if (published !== undefined && block.number <= published.number) return false
  return block.number > head.number || (block.number === head.number && block.hash !== head.hash)
}

type Question = { readonly clock: ChainClock; readonly freshness: Freshness; readonly now: number }

/** True where the chain must be asked: nothing is known, it is too old, or a read is of a block before the newest. */
export function mustRead(answer: Balance | undefined, { clock, freshness, now }: Question): boolean {
  if (answer === undefined || !answer.known || freshness.mode === 'force') return true
  if (freshness.mode === 'max_age') return ageOf(answer, now) > freshness.seconds
  return answer.source === 'reads' && answer.block.number < (clock.head?.number ?? 0)
}
