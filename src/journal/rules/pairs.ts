import { chunksOf, lookup, type Plan, write } from '../plan.ts'
import { amountOf, isPositive, type Position } from '../position.ts'
import { balances, outOfRange } from '../tables/facts.ts'
import type { Row } from '../tables/table.ts'
import { Counts } from './counts.ts'

/** A balance by the store's own ids. */
export type PairKey = {
  readonly account: Buffer
  readonly asset: number
  readonly item: string
  readonly fungible: boolean
}

/** A stored balance: its key, its position, and its amount. */
export type BalanceRow = Row<typeof balances>

/** The row of a balance before and after a write; undefined if there is none. */
export type PairEdit = {
  readonly pair: PairKey
  readonly before: BalanceRow | undefined
  readonly after: Readonly<Position> | undefined
}

/** Balances that a plan reads and writes at a time. */
export const PAIRS_AT_ONCE = 256

/** The columns of a pair's key. */
export function keyOf({ account, asset, item }: PairKey): Pick<BalanceRow, 'account' | 'asset' | 'item'> {
  return { account, asset, item }
}

/** The map key of a pair. */
export function pairName({ account, asset, item }: Pick<PairKey, 'account' | 'asset' | 'item'>): string {
  return `${account.toString('hex')}/${asset}/${item}`
}

/** Orders pairs by account, as tables do. */
export function byAccount(a: PairKey, b: PairKey): number {
  return a.account.compare(b.account)
}

/** The stored balances of pairs, in their order. */
export function readPairs(pairs: readonly PairKey[]): Plan<readonly (BalanceRow | undefined)[]> {
  return lookup(balances, pairs.map(keyOf))
}

/** The stored balance of a pair. */
export function* readPair(pair: PairKey): Plan<BalanceRow | undefined> {
  return (yield* readPairs([pair]))[0]
}

/** The position of a stored balance, which can be changed. */
export function positionOf(row: BalanceRow): Position {
  const { sum, opening, metBlock, metLog, metSub, receivedBlock, lastBlock, closedBlock, fungible } = row
  return { sum, opening, metBlock, metLog, metSub, receivedBlock, lastBlock, closedBlock, fungible }
}

/** The row of a position. */
export function balanceRow({ account, asset, item }: PairKey, position: Readonly<Position>): BalanceRow {
  const { sum, opening, metBlock, metLog, metSub, receivedBlock, lastBlock, closedBlock, fungible } = position
  const met = { metBlock, metLog, metSub, receivedBlock, lastBlock, closedBlock, fungible }
  return { account, asset, item, sum, opening, amount: amountOf(position), ...met }
}

/**
 * Writes balances and everything that counts them: lists, holders, supply, balances that are out of range. Each pair
 * occurs once.
 */
export function* writePairs(edits: readonly PairEdit[]): Plan<void> {
  for (const chunk of chunksOf(edits, PAIRS_AT_ONCE)) {
    const counts = new Counts()
    yield* write((changes) => {
      for (const { pair, before, after } of chunk) {
        const key = keyOf(pair)
        if (after !== undefined) changes.put(balances, before, balanceRow(pair, after))
        else if (before !== undefined) changes.delete(balances, key)
        const [wasClosed, isClosed] = [before?.closedBlock !== undefined, after?.closedBlock !== undefined]
        if (isClosed && !wasClosed) changes.insert(outOfRange, key)
        if (wasClosed && !isClosed) changes.delete(outOfRange, key)
        if (pair.item === '') countPair(counts, { pair, before, after })
      }
    })
    yield* counts.apply()
  }
}

/** Adds to the counts what an edit of a fungible balance or a roll-up changes. */
function countPair(counts: Counts, { pair, before, after }: PairEdit): void {
  const ofAccount = counts.account(pair.account)
  ofAccount.assets += one(after !== undefined) - one(before !== undefined)
  if (pair.fungible) {
    ofAccount.received += one(after?.receivedBlock !== undefined) - one(before?.receivedBlock !== undefined)
  }
  const ofAsset = counts.asset(pair.asset)
  ofAsset.holders += one(isHolder(after)) - one(isHolder(before))
  ofAsset.supply += (after?.opening ?? 0n) - (before?.opening ?? 0n)
}

function isHolder(position: Readonly<Position> | undefined): boolean {
  return position !== undefined && isPositive(amountOf(position))
}

function one(holds: boolean): number {
  return holds ? 1 : 0
}
