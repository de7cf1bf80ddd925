import { isServiceError } from '../../../core/errors.ts'
import type { Hex } from '../words/hex.ts'
import { type CatCoin, catOf, catPuzzleHash } from './cat.ts'
import { childrenOf } from './children.ts'
import { amountOf, bytes32Of, itemsOf, parseClvm, type Value } from './clvm.ts'
import { type Coin, coinId } from './coin.ts'
import { createCoins } from './conditions.ts'
import { evaluate } from './evaluate.ts'
import type { Lead } from './lead.ts'
import { hexOf, treeHash } from './tree-hash.ts'

/** A coin that was spent, with its puzzle and solution as serialized CLVM. */
export type CoinSpend = { readonly coin: Coin; readonly reveal: Uint8Array; readonly solution: Uint8Array }

/** A coin that a spend created. `hint`: its first memo, if that has 32 bytes. `cat`: whose coin of which CAT it is. */
export type Created = { readonly coin: Coin; readonly hint: Hex | undefined; readonly cat?: CatCoin }

/**
 * What a spend did. `spent`: of which CAT the spent coin was, and whose. `isProven`: the spend proved that the coin's parent
 * was a coin of that CAT too; otherwise its parent may have been any coin.
 */
export type ReadSpend = {
  readonly spent?: CatCoin & { readonly isProven: boolean }
  readonly created: readonly Created[]
}

/**
 * Reads which coins a spend created, in the order of its conditions, and whose they are. Undefined if the reveal is not the
 * coin's puzzle, if the puzzle cannot be evaluated (see `evaluate`), or if no node would accept its result.
 */
export function readSpend({ coin, reveal, solution }: CoinSpend): ReadSpend | undefined {
  try {
    const [puzzle, argument] = [parseClvm(reveal), parseClvm(solution)]
    if (hexOf(treeHash(puzzle)) !== coin.puzzleHash) return undefined
    const result = evaluate(reveal, solution)
    const made = result && coinsOf(parseClvm(result), coinId(coin))
    const cat = catOf(puzzle)
    if (made === undefined || cat === undefined) return made && { created: made }
    const isProven = provesLineage(coin, cat.lead, argument)
    const spent = { lead: cat.lead, owner: cat.owner, isProven }
    return { spent, created: withOwners(made, childrenOf(cat, argument)) }
  } catch (error) {
    if (isServiceError(error, 'NODE_GARBAGE')) return undefined
    throw error
  }
}

function coinsOf(result: Value, parent: Hex): readonly Created[] | undefined {
  const created: Created[] = []
  for (const { puzzleHash, amount, hint } of createCoins(result)) {
    if (puzzleHash === undefined || amount === undefined) return undefined
    created.push({ coin: { parent, puzzleHash, amount }, hint })
  }
  return created
}

function withOwners(made: readonly Created[], ownerOf: ReturnType<typeof childrenOf>): readonly Created[] {
  return made.map((one) => {
    const cat = ownerOf({ puzzleHash: one.coin.puzzleHash, hint: one.hint })
    return cat === undefined ? one : { ...one, cat }
  })
}

/**
 * True if the second part of a CAT's solution describes the parent as a coin of the CAT: (its parent, its inner puzzle hash,
 * its amount). A TAIL may accept a coin without that, or with a false description.
 */
function provesLineage(coin: Coin, { tail }: Lead, solution: Value): boolean {
  const [, proof] = itemsOf(solution, 2)
  const [first, second, third] = proof === undefined ? [] : itemsOf(proof, 3)
  const [parent, inner, amount] = [bytes32Of(first), bytes32Of(second), amountOf(third)]
  if (parent === undefined || inner === undefined || amount === undefined) return false
  const puzzleHash = catPuzzleHash({ tail, hidden: undefined }, inner)
  return coinId({ parent, puzzleHash, amount }) === coin.parent
}
