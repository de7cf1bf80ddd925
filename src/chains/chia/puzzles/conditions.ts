import type { Hex } from '../words/hex.ts'
import { amountOf, bytes32Of, isAtom, itemsOf, type Value } from './clvm.ts'

/** The condition CREATE_COIN. Source: https://chialisp.com/conditions */
const CREATE_COIN = 51

/** A condition that creates a coin. `puzzleHash`, `amount`: undefined if no node accepts them. `hint`: the first memo. */
export type CreateCoin = {
  readonly puzzleHash: Hex | undefined
  readonly amount: bigint | undefined
  readonly hint: Hex | undefined
}

/** The conditions among the items of a puzzle's result that create coins. */
export function createCoins(result: Value): readonly CreateCoin[] {
  return itemsOf(result).flatMap((condition) => {
    const [code, puzzleHash, amount, memos] = itemsOf(condition, 4)
    if (code === undefined || !isAtom(code) || code.length !== 1 || code[0] !== CREATE_COIN) return []
    const hint = memos && bytes32Of(itemsOf(memos, 1)[0])
    return [{ puzzleHash: bytes32Of(puzzleHash), amount: amountOf(amount), hint }]
  })
}
