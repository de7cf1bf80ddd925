import type { BalanceRead } from '../chains/adapter.ts'
import { isNodeFailure } from '../core/balance.ts'

/** How the chain's amount and the journal's stand to each other at the end of a block. */
export type Agreement = 'equal' | 'different' | 'unknown'

/** What asking again tells: the same amount, others, or nothing, since the node could not say. */
export type Steadiness = 'steady' | 'unsteady' | 'unanswered'

/**
 * How answers to the same question stand to an amount: those of the node that is asked first, which have to be there, and
 * that of another one, which counts where it has a voice.
 */
export function steadinessOf(
  { own, other }: { readonly own: readonly (BalanceRead | undefined)[]; readonly other: BalanceRead | undefined },
  amount: bigint,
): Steadiness {
  if (own.length === 0 || own.some((answer) => !hasVoice(answer))) return 'unanswered'
  const voices = hasVoice(other) ? [...own, other] : own
  return voices.every((answer) => answer?.ok === true && answer.amount === amount) ? 'steady' : 'unsteady'
}

function hasVoice(answer: BalanceRead | undefined): boolean {
  return answer !== undefined && (answer.ok || !isNodeFailure(answer.reason))
}

/**
 * The block at whose end chain and journal first differ, given that they differ at the end of `last`: found by steps that
 * double downwards, then by halving. `whole`: before `first` both are nothing. Undefined where the block before is unknown.
 */
export async function findDivergence(
  range: { readonly first: number; readonly last: number; readonly whole: boolean },
  agreementAt: (block: number) => Promise<Agreement>,
): Promise<number | undefined> {
  let different = range.last
  /** The highest block known to lie below: they are equal there, or it is unknown how they stand. */
  let below = { block: range.first - 1, isEqual: range.whole }
  for (let step = 1, met = false; !met && range.last - step >= range.first; step *= 2) {
    met = await look(range.last - step)
  }
  while (different - below.block > 1) await look(Math.floor((different + below.block) / 2))
  return below.isEqual ? different : undefined

  /** Moves one of the two bounds to a block; true where it is the lower one. */
  async function look(block: number): Promise<boolean> {
    const agreement = await agreementAt(block)
    if (agreement === 'different') different = block
    else below = { block, isEqual: agreement === 'equal' }
    return agreement !== 'different'
  }
}
