import type { Draw } from '../draw.ts'
import type { Cat, Order, Output } from './orders.ts'

/** What orders are drawn for. */
export type Market = {
  readonly cats: readonly Cat[]
  /** Numbers of wallets. */
  readonly traders: readonly number[]
  readonly draw: Draw
  /** The puzzle hash of a wallet, in hex. */
  readonly puzzleHashOf: (wallet: number) => string
  /** What an owner, a puzzle hash in hex, holds of a CAT by now, in mojos. */
  readonly held: (cat: Cat, owner: string) => bigint
}

/** Carries out an order at once, so that later draws see what it leaves. */
export type CarryOut = (order: Order) => void

const MOST_ORDERS = 4
const MOST_OUTPUTS = 4
/** One order in this many melts, revokes, or issues more; one coin in this many has no memo. */
const MELT_EVERY = 9
const REVOKE_EVERY = 9
const ISSUE_EVERY = 4
const SILENT_EVERY = 4
const CHANGE_SILENT_EVERY = 6
/** One coin in this many has more mojos than a float can tell apart, 2^53. */
const LARGE_EVERY = 5

/** Draws and carries out the orders of a block: mostly sends. */
export function drawOrders(market: Market, carryOut: CarryOut): void {
  const { draw } = market
  const count = draw.between(1, MOST_ORDERS)
  for (let nth = 0; nth < count; nth++) {
    const order = drawOrder(market)
    if (order !== undefined) carryOut(order)
  }
}

/** An amount in mojos: mostly some whole CATs, now and then more than 2^53. */
export function drawAmount(draw: Draw): bigint {
  if (draw.oneIn(LARGE_EVERY)) return 2n ** 53n + BigInt(draw.below(1e9)) * 1_000_003n
  return BigInt(draw.between(1, 5_000_000))
}

function drawOrder(market: Market): Order | undefined {
  const { draw, cats, traders, puzzleHashOf, held } = market
  const cat = draw.of(cats)
  const holders = traders.filter((trader) => held(cat, puzzleHashOf(trader)) > 0n)
  if (holders.length === 0 || draw.oneIn(ISSUE_EVERY)) return { do: 'issue', cat, outputs: drawOutputs(market) }
  const from = draw.of(holders)
  const amount = held(cat, puzzleHashOf(from))
  if (draw.oneIn(MELT_EVERY)) return { do: 'melt', cat, from, amount: partOf(amount, draw) }
  if (cat.revoker !== undefined && draw.oneIn(REVOKE_EVERY)) return { do: 'revoke', cat, from: puzzleHashOf(from) }
  const to = puzzleHashOf(draw.of(traders))
  const outputs = [{ to, amount: partOf(amount, draw), ...drawMemos(draw, SILENT_EVERY) }]
  return { do: 'send', cat, from, outputs, ...changeMemos(drawMemos(draw, CHANGE_SILENT_EVERY)) }
}

function drawOutputs({ draw, traders, puzzleHashOf }: Market): readonly Output[] {
  return draw.some(traders, MOST_OUTPUTS).map((trader) => {
    return { to: puzzleHashOf(trader), amount: drawAmount(draw), ...drawMemos(draw, SILENT_EVERY) }
  })
}

function drawMemos(draw: Draw, silentEvery: number): Pick<Output, 'memos'> {
  return draw.oneIn(silentEvery) ? { memos: [] } : {}
}

function changeMemos({ memos }: Pick<Output, 'memos'>) {
  return memos === undefined ? {} : { changeMemos: memos }
}

/** All of it, or some of it: at least 1. */
function partOf(amount: bigint, draw: Draw): bigint {
  if (draw.oneIn(3)) return amount
  return 1n + ((amount - 1n) * BigInt(draw.below(1_000))) / 1_000n
}
