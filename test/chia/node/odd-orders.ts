/** Orders of people who do not play fair, or do not know how: nothing of them may count for the account that they name. */
import type { Cat, Order } from '../../../src/demo/chia/orders.ts'
import type { Draw } from '../../../src/demo/draw.ts'

/** What the orders are drawn for. Owners are puzzle hashes in hex. */
export type OddMarket = {
  readonly draw: Draw
  readonly cats: readonly Cat[]
  readonly victims: readonly string[]
  /** The number of the wallet that pays. */
  readonly payer: number
  readonly catPuzzleHash: (cat: Cat, owner: string) => string
}

/** Draws one such order. */
export function drawOddOrder({ draw, cats, victims, payer, catPuzzleHash }: OddMarket): Order {
  const [cat, victim] = [draw.of(cats), draw.of(victims)]
  const hinted = [victim]
  const amount = BigInt(draw.between(1, 9))
  const made = (to: string, memos: readonly string[]): Order => {
    return { do: 'pay', from: payer, outputs: [{ to, amount, memos }] }
  }
  return draw.of<() => Order>([
    // A plain coin with the puzzle hash of the victim's CATs: without a CAT as its parent it is none, and cannot be spent.
    () => made(catPuzzleHash(cat, victim), hinted),
    // A coin of somebody else's, hinted to the victim.
    () => made('ab'.repeat(32), hinted),
    // Memos that are no puzzle hash.
    () => made(victim, ['a text', 'another text']),
    () => ({ do: 'mint nft', from: payer, to: victim }),
    // A CAT around a CAT: the outer one is of whoever has the inner one as its puzzle.
    () => ({ do: 'issue', cat, outputs: [{ to: catPuzzleHash(draw.of(cats), victim), amount, memos: hinted }] }),
    // A genuine coin of a CAT of the payer's own making, hinted to somebody else than its owner.
    () => ({ do: 'issue', cat, outputs: [{ to: draw.of(victims), amount, memos: hinted }] }),
  ])()
}
