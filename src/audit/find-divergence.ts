import type { BalanceRead } from '../chains/adapter.ts'
import { isNodeFailure } from '../core/balance.ts'

/** Whether the chain's amount equals the journal's at the end of a block. */
export type Agreement = 'equal' | 'different' | 'unknown'

/** The result of reading again: the same amount, a different answer, or no answer because the node could not read. */
export type Steadiness = 'steady' | 'unsteady' | 'unanswered'

/**
 * Compares repeated reads with an amount. `own`: reads of the preferred node, which must all have an answer. `other`:
 * the read of another node, which counts only if it has an answer.
 */
export function steadinessOf(
  { own, other }: { readonly own: readonly (BalanceRead | undefined)[]; readonly other: BalanceRead | undefined },
  amount: bigint,
): Steadiness {
  if (own.length === 0 || own.some((answer) => !isAnswer(answer))) return 'unanswered'
  const voices = isAnswer(other) ? [...own, other] : own
  return voices.every((answer) => answer?.ok === true && answer.amount === amount) ? 'steady' : 'unsteady'
}

function isAnswer(answer: BalanceRead | undefined): boolean {
  return answer !== undefined && (answer.ok || !isNodeFailure(answer.reason))
}

/**
 * Returns the first block at whose end chain and journal differ, given that they differ at the end of `last`. Searches
 * downwards in steps that double, then by halving. `whole`: before `first`, both are zero. Undefined if it is unknown
 * whether they agree at the block before.
 */
export async function findDivergence(
  range: { readonly first: number; readonly last: number; readonly whole: boolean },
  agreementAt: (block: number) => Promise<Agreement>,
): Promise<number | undefined> {
  let different = range.last
  /** The lower bound of the search: the amounts are equal at this block, or their comparison there had no answer. */
  let below = { block: range.first - 1, isEqual: range.whole }
  for (let step = 1, met = false; !met && range.last - step >= range.first; step *= 2) {
    met = await look(range.last - step)
  }
  while (different - below.block > 1) await look(Math.floor((different + below.block) / 2))
  return below.isEqual ? different : undefined

  /** Moves one of the two bounds to a block. Returns true if it is the lower one. */
  async function look(block: number): Promise<boolean> {
    const agreement = await agreementAt(block)
    if (agreement === 'different') different = block
    else below = { block, isEqual: agreement === 'equal' }
    return agreement !== 'different'
  }
}
