import type { BalanceRead } from '../chains/adapter.ts'

/** How the chain's amount and the journal's stand to each other at the end of a block. */
export type Standing = 'equal' | 'different' | 'unknown'

/** True where every way of asking brought the same amount. */
export function isSteady(answers: readonly (BalanceRead | undefined)[], amount: bigint): boolean {
  return answers.length > 0 && answers.every((answer) => answer?.ok === true && answer.amount === amount)
}

/**
 * The block at whose end chain and journal first differ, given that they differ at the end of `last`: found by steps that
 * double downwards, then by halving. `whole`: before `first` both are nothing. Undefined where a block that had to be
 * looked at is unknown.
 */
export async function findParting(
  range: { readonly first: number; readonly last: number; readonly whole: boolean },
  standingAt: (block: number) => Promise<Standing>,
): Promise<number | undefined> {
  let different = range.last
  let equal: number | undefined
  for (let step = 1; equal === undefined; step *= 2) {
    const block = range.last - step
    if (block < range.first) {
      if (!range.whole) return undefined
      equal = range.first - 1
      break
    }
    const standing = await standingAt(block)
    if (standing === 'unknown') return undefined
    if (standing === 'equal') equal = block
    else different = block
  }
  while (different - equal > 1) {
    const block = Math.floor((different + equal) / 2)
    const standing = await standingAt(block)
    if (standing === 'unknown') return undefined
    if (standing === 'equal') equal = block
    else different = block
  }
  return different
}
