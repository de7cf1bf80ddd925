import type { Transfer } from '../../../core/transfer.ts'
import { type Coin, coinId } from '../puzzles/coin.ts'
import type { Hex } from '../words/hex.ts'
import { sent } from '../words/records.ts'

/** Hex digits of a coin's id in each half of its position: 48 bits. */
const DIGITS = 12

/**
 * A coin that was created for an account, or spent by it, as a one-sided transfer. Its position comes from the coin's id
 * alone, so it is the same whoever reads it, from whatever call. A coin is created before it is spent also in one block, so
 * no sum is ever below zero.
 */
export function coinTransfer(
  { coin, id = coinId(coin) }: { readonly coin: Coin; readonly id?: Hex },
  { account, tail, what }: { readonly account: string; readonly tail: Hex; readonly what: 'created' | 'spent' },
): Transfer {
  const isSpent = what === 'spent'
  return {
    event: Number.parseInt(id.slice(0, DIGITS), 16),
    part: Number.parseInt(id.slice(DIGITS, 2 * DIGITS), 16) * 2 + (isSpent ? 1 : 0),
    asset: { standard: 'cat', reference: tail },
    from: isSpent ? account : undefined,
    to: isSpent ? undefined : account,
    item: '',
    amount: coin.amount,
    transactionHash: sent(id),
  }
}

/** Transfers in the order of their positions. */
export function inOrder(transfers: readonly Transfer[]): readonly Transfer[] {
  return [...transfers].sort((a, b) => a.event - b.event || a.part - b.part)
}
