import type { Balance, Known } from '../core/balance.ts'
import { FINALITIES } from '../core/block.ts'

/** The block at which an answer is true, the block's finality, the answer's source, and when it was last known true. */
export type AsOf = Pick<Known, 'block' | 'finality' | 'source' | 'knownAt'> & {
  /**
   * False if rows are of different blocks. Then the block is the lowest row's, and the other fields are the worst of
   * all rows.
   */
  readonly uniform: boolean
  /** False if rows may be missing from the list. */
  readonly complete: boolean
}

/** Returns what an answer with these balances can guarantee; undefined if none is known. */
export function worstOf(balances: readonly Balance[]): AsOf | undefined {
  let worst: AsOf | undefined
  for (const balance of balances) {
    if (!balance.known) continue
    if (worst === undefined) worst = first(balance)
    else if (!isSameAs(worst, balance)) worst = joined(worst, balance)
  }
  return worst
}

function first({ block, finality, source, knownAt }: Known): AsOf {
  return { block, finality, source, knownAt, uniform: true, complete: true }
}

/** True if both promise the same: mostly all rows of a list share one block, so that nothing is to be joined. */
function isSameAs(worst: AsOf, { block, finality, source, knownAt }: Known): boolean {
  return block === worst.block && finality === worst.finality && source === worst.source && knownAt === worst.knownAt
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
