import { catPuzzleHash } from '../puzzles/cat.ts'
import { type Lead, leadText } from '../puzzles/lead.ts'
import { puzzleHashOf } from '../words/address.ts'
import type { Hex } from '../words/hex.ts'

/** The accounts of a scope, by their own puzzle hashes and by those of their coins. */
export class AccountIndex {
  readonly #byOwner: ReadonlyMap<Hex, string>
  readonly #byLead = new Map<string, ReadonlyMap<Hex, Hex>>()

  constructor(addresses: readonly string[]) {
    this.#byOwner = new Map(addresses.map((address) => [puzzleHashOf(address), address]))
  }

  /** The address of the account with a puzzle hash; undefined if it is none of these. */
  accountOf(owner: Hex): string | undefined {
    return this.#byOwner.get(owner)
  }

  /** The account's own puzzle hash, of a coin's puzzle hash under a lead; undefined if it is of none of these. */
  ownerUnder(lead: Lead, puzzleHash: Hex): Hex | undefined {
    const name = leadText(lead)
    const known = this.#byLead.get(name)
    if (known !== undefined) return known.get(puzzleHash)
    const derived = new Map([...this.#byOwner.keys()].map((owner) => [catPuzzleHash(lead, owner), owner]))
    this.#byLead.set(name, derived)
    return derived.get(puzzleHash)
  }
}
