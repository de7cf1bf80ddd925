import { ServiceError } from '../../../core/errors.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { leadOfReveal } from '../puzzles/cat.ts'
import type { Lead } from '../puzzles/lead.ts'
import { type Hex, parseBytes } from '../words/hex.ts'
import type { CoinRecord } from '../words/records.ts'
import { coinsByNames, revealsOf } from './look-up.ts'

/** Most puzzle hashes that are remembered, some 200 bytes each. */
const MAX_REMEMBERED = 200_000

/** What is needed to look at a coin's parent. */
export type Child = Pick<CoinRecord, 'coin' | 'confirmed'>

/** Returns the lead of a coin's parent; undefined if the parent is no CAT. */
export type ParentOf = (child: Child) => Lead | undefined

/** What was seen of parents. `isWhole`: false if some were not looked at. */
export type Parents = { readonly parentOf: ParentOf; readonly isWhole: boolean }

/**
 * What the parents of coins are. Anyone can create a coin with the puzzle hash of a CAT, and with any hint; it is one only if
 * its parent was a coin of that CAT, since the puzzle of a CAT that was spent has proven its own lineage.
 */
export class Lineage {
  /** What a puzzle hash is: a lead, or undefined for no CAT. It never changes. */
  readonly #leads = new Map<Hex, Lead | undefined>()
  /** The puzzle hashes of coins by their ids. */
  readonly #puzzleHashes = new Map<Hex, Hex>()

  /** Records what a puzzle hash is. */
  note(puzzleHash: Hex, lead: Lead): void {
    remember(this.#leads, puzzleHash, lead)
  }

  /**
   * Looks at the parents of coins. Two waves of calls: the parents' puzzle hashes, and one puzzle of each unknown puzzle
   * hash, of at most `maxPuzzles`.
   * @throws NODE_BEHIND the node has a coin, but not the spend of its parent; NODE_*
   */
  async look(session: RpcSession, children: readonly Child[], maxPuzzles = Number.POSITIVE_INFINITY): Promise<Parents> {
    const firstChild = new Map<Hex, Child>()
    for (const child of children) if (!firstChild.has(child.coin.parent)) firstChild.set(child.coin.parent, child)
    const puzzleHashes = await this.#puzzleHashesOf(session, [...firstChild.keys()])
    const leads = new Map<Hex, Lead | undefined>()
    const asked = new Map<Hex, { readonly id: Hex; readonly spentIn: number }>()
    for (const [parent, { confirmed }] of firstChild) {
      const puzzleHash = puzzleHashes.get(parent)
      // The parent of a reward is no coin.
      if (puzzleHash === undefined) continue
      if (this.#leads.has(puzzleHash)) leads.set(puzzleHash, this.#leads.get(puzzleHash))
      else if (!asked.has(puzzleHash)) asked.set(puzzleHash, { id: parent, spentIn: confirmed })
    }
    const wanted = [...asked].slice(0, maxPuzzles)
    const reveals = await revealsOf(
      session,
      wanted.map(([, parent]) => parent),
    )
    for (const [index, [puzzleHash]] of wanted.entries()) {
      const bytes = parseBytes(reveals[index])
      if (bytes === undefined) throw new ServiceError('NODE_BEHIND', 'the node does not have the spend of a coin')
      const lead = leadOfReveal(bytes)?.lead
      leads.set(puzzleHash, lead)
      remember(this.#leads, puzzleHash, lead)
    }
    const parentOf: ParentOf = ({ coin }) => leads.get(puzzleHashes.get(coin.parent) ?? '')
    return { parentOf, isWhole: wanted.length === asked.size }
  }

  async #puzzleHashesOf(session: RpcSession, ids: readonly Hex[]): Promise<ReadonlyMap<Hex, Hex>> {
    const found = new Map<Hex, Hex>()
    const unknown = ids.filter((id) => {
      const known = this.#puzzleHashes.get(id)
      if (known !== undefined) found.set(id, known)
      return known === undefined
    })
    for (const { id, coin } of await coinsByNames(session, unknown)) {
      found.set(id, coin.puzzleHash)
      remember(this.#puzzleHashes, id, coin.puzzleHash)
    }
    return found
  }
}

function remember<K, V>(map: Map<K, V>, key: K, value: V): void {
  map.set(key, value)
  if (map.size <= MAX_REMEMBERED) return
  for (const oldest of map.keys()) {
    map.delete(oldest)
    break
  }
}
