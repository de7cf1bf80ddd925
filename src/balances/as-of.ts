import type { Balance, Known } from '../core/balance.ts'
import { FINALITIES } from '../core/block.ts'

/** At which block an answer is true, how certain that block is, where the answer comes from, and how old it is. */
export type AsOf = Pick<Known, 'block' | 'finality' | 'source' | 'knownAt'> & {
  /** False where rows are of different blocks: the block is the lowest row's, all else the worst of all rows. */
  readonly uniform: boolean
  /** False where rows may be missing from the list. */
  readonly complete: boolean
}

/** What an answer with these balances may claim at most; undefined where none is known. */
export function worstOf(balances: readonly Balance[]): AsOf | undefined {
  let worst: AsOf | undefined
  for (const balance of balances) {
    if (!balance.known) continue
    worst = worst === undefined ? first(balance) : joined(worst, balance)
  }
  return worst
}

function first({ block, finality, source, knownAt }: Known): AsOf {
  return { block, finality, source, knownAt, uniform: true, complete: true }
}

function joined(worst: AsOf, { block, finality, source, knownAt }: Known): AsOf {
  const same = block === worst.block || (block.number === worst.block.number && block.hash === worst.block.hash)
  const isLessFinal = FINALITIES.indexOf(finality) < FINALITIES.indexOf(worst.finality)
  return {
    block: block.number < worst.block.number ? block : worst.block,
    finality: isLessFinal ? finality : worst.finality,
    source: source === 'reads' ? source : worst.source,
    knownAt: Math.min(knownAt, worst.knownAt),
    uniform: worst.uniform && same,
    complete: worst.complete,
  }
}
