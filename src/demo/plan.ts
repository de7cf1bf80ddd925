import type { Address } from 'viem'
import { assert } from '../core/assert.ts'
import { Book, type DemoToken, type Step } from './book.ts'

/** The steps of each demo block after the contracts are deployed, and the resulting holdings. */
export type Plan = {
  readonly blocks: readonly (readonly Step[])[]
  readonly book: Book
}

const TRADED: readonly DemoToken[] = ['whole', 'cents', 'ether', 'unmarked']
const GRANT: Readonly<Partial<Record<DemoToken, bigint>>> = {
  whole: 1_000n,
  cents: 25_000_000_000n,
  ether: 1_234_567_890_123_456_789_012n,
  unmarked: 77_777_777n,
}
const TRADING_BLOCKS = 28
/** Blocks of a plan: one for grants, two for special cases, and the trading blocks. */
export const PLAN_BLOCKS = 3 + TRADING_BLOCKS
const TRADES_A_BLOCK = 12
const SEED = 2030

/**
 * Plans the demo, always the same for the same accounts. Order inside a block does not matter, because no account
 * spends what it received in the same block. `accounts[1]` gets every token, `accounts[2]` holds 2^256-1, `accounts[3]`
 * empties a token.
 */
export function planDemo(accounts: readonly Address[]): Plan {
  const book = new Book()
  const [, all, greatest, emptied, receiver] = accounts
  assert(!!all && !!greatest && !!emptied && !!receiver, 'the demo needs at least 5 accounts')
  const random = randomFrom(SEED)
  const traders = accounts.filter((account) => account !== emptied)
  const blocks = [
    grants(book, traders),
    [
      book.mint('greatest', greatest, 2n ** 256n - 1n),
      book.mint('cents', emptied, 5_000_000n),
      ...collectibles(book, traders),
    ],
    [
      book.transfer('cents', { from: emptied, to: receiver, amount: 5_000_000n }),
      book.transfer('whole', { from: all, to: receiver, amount: 0n }),
      book.transfer('ether', { from: all, to: all, amount: 1n }),
      book.burn('ether', all, 34_567_890_123_456_789_012n),
      ...movedCollectibles(book, { all, receiver }),
    ],
    ...Array.from({ length: TRADING_BLOCKS }, () => planTrades(book, { traders, random, count: TRADES_A_BLOCK })),
  ]
  return { blocks, book }
}

/** Random transfers of the traded tokens, each within what its sender held before this block. */
export function planTrades(
  book: Book,
  market: { traders: readonly Address[]; random: () => number; count: number },
): readonly Step[] {
  const { traders, random, count } = market
  const pick = <T>(list: readonly T[]): T => {
    const chosen = list[Math.floor(random() * list.length)]
    assert(chosen !== undefined, 'a list to pick from is not empty')
    return chosen
  }
  const spendable = book.frozen()
  return Array.from({ length: count }, () => {
    const token = pick(TRADED)
    const from = pick(traders)
    const amount = (spendable.left(token, from) * BigInt(Math.floor(random() * 300))) / 1_000n
    spendable.spend(token, from, amount)
    return book.transfer(token, { from, to: pick(traders), amount })
  })
}

/** Uniform numbers from 0 to below 1, the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function grants(book: Book, accounts: readonly Address[]): readonly Step[] {
  return accounts.flatMap((account) => TRADED.map((token) => book.mint(token, account, GRANT[token] ?? 0n)))
}

function collectibles(book: Book, accounts: readonly Address[]): readonly Step[] {
  return [
    ...accounts.slice(0, 8).map((account, at) => book.mintDeed(account, BigInt(at + 1))),
    ...accounts.slice(0, 6).map((account) => book.mintGoods(account, [1n, 2n, 3n], [100n, 50n, 7n])),
  ]
}

function movedCollectibles(book: Book, who: { all: Address; receiver: Address }): readonly Step[] {
  const { all, receiver } = who
  return [
    book.moveDeed(2n, { from: all, to: receiver }),
    book.burnDeed(4n, receiver),
    book.moveGoods({ from: all, to: receiver }, [1n], [25n]),
    book.moveGoods({ from: all, to: receiver }, [2n, 3n], [10n, 7n]),
    book.burnGoods(all, 1n, 5n),
  ]
}
