import type { Hex } from '../words/hex.ts'
import { type CatCoin, type CatPuzzle, catPuzzleHash } from './cat.ts'
import { itemsOf, parseClvm, serialize, type Value } from './clvm.ts'
import { createCoins } from './conditions.ts'
import { evaluate } from './evaluate.ts'
import type { Lead } from './lead.ts'

/** A created coin, as far as it tells who owns it. */
type Child = { readonly puzzleHash: Hex; readonly hint: Hex | undefined }

/**
 * Returns whose a coin is that the spend of a CAT created; undefined if it is no coin of this CAT. A puzzle hash does not
 * show the owner that it was made of, so likely owners are tried first: the hint, and the spent coin's owner (change).
 * Otherwise the puzzles inside say it: the CAT's puzzle wraps what its inner puzzle creates, and the revocation layer what
 * the owner's puzzle creates. If the issuer revokes, his puzzle decides what is wrapped.
 */
export function childrenOf(cat: CatPuzzle, solution: Value): (child: Child) => CatCoin | undefined {
  let byPuzzleHash: ReadonlyMap<Hex, CatCoin> | undefined
  return ({ puzzleHash, hint }) => {
    for (const owner of [hint, cat.owner]) {
      if (owner !== undefined && catPuzzleHash(cat.lead, owner) === puzzleHash) return { lead: cat.lead, owner }
    }
    byPuzzleHash ??= innerChildren(cat, solution)
    return byPuzzleHash.get(puzzleHash)
  }
}

/** The coins that the puzzles inside a CAT create, by the puzzle hashes that the CAT's puzzle gives them. */
function innerChildren(cat: CatPuzzle, solution: Value): ReadonlyMap<Hex, CatCoin> {
  const { tail, hidden } = cat.lead
  const [innerSolution] = itemsOf(solution, 1)
  if (innerSolution === undefined) return new Map()
  const plain: Lead = { tail, hidden: undefined }
  const children = puzzleHashesBy(cat.inner, innerSolution).map((owner): CatCoin => ({ lead: plain, owner }))
  // The revocation layer's solution is (is-it-the-issuer's puzzle solution).
  const [, puzzle, ownSolution] = hidden === undefined ? [] : itemsOf(innerSolution, 3)
  if (hidden !== undefined && puzzle !== undefined && ownSolution !== undefined) {
    for (const owner of puzzleHashesBy(puzzle, ownSolution)) children.push({ lead: cat.lead, owner })
  }
  return new Map(children.map((child) => [catPuzzleHash(child.lead, child.owner), child]))
}

/** The puzzle hashes of the coins that a puzzle creates. */
function puzzleHashesBy(puzzle: Value, solution: Value): readonly Hex[] {
  const result = evaluate(serialize(puzzle), serialize(solution))
  if (result === undefined) return []
  return createCoins(parseClvm(result)).flatMap(({ puzzleHash }) => puzzleHash ?? [])
}
