import { type AssetRef, assetKey, NO_ITEM } from '../core/asset.ts'
import { isReadable } from '../core/balance.ts'
import type { BlockRef } from '../core/block.ts'
import { STANDARD_RULES } from '../core/standards.ts'
import type { Position } from '../store/seam/positions.ts'
import { type Comparison, compare, type StoredAmount, skipped, storedAmount } from './comparison.ts'

/**
 * Compares the sum row of an account's items, which has no call of its own, with the chain's amounts of the items. Takes the positions in the
 * order of the walk: the sum row comes before its items.
 */
export class ItemSums {
  #open: { readonly row: Position; readonly stored: StoredAmount; sum: bigint; whole: boolean } | undefined

  /** Takes a position and its amount on the chain. Returns the comparison of the sum that ended before it, if any. */
  next(row: Position, chainAmount: bigint | undefined, block: BlockRef): Comparison | undefined {
    const { account, asset, item } = row
    const open = this.#open
    if (open !== undefined && open.row.account === account && sameAsset(open.row.asset, asset) && item !== NO_ITEM) {
      if (chainAmount === undefined) open.whole = false
      else open.sum += chainAmount
      return undefined
    }
    const ended = this.end()
    const stored = isReadable(row) ? undefined : storedAmount(row, block)
    if (stored !== undefined && !('skip' in stored)) this.#open = { row, stored, sum: 0n, whole: true }
    return ended
  }

  /** The next positions are read at another block, so a sum in progress cannot be compared. */
  blockMoved(): void {
    if (this.#open !== undefined) this.#open.whole = false
  }

  /** Returns the comparison of the last sum, if one is open. */
  end(): Comparison | undefined {
    const open = this.#open
    this.#open = undefined
    if (open === undefined) return undefined
    return open.whole ? compare(open.stored, open.sum) : skipped('items_unchecked')
  }
}

function sameAsset(a: AssetRef, b: AssetRef): boolean {
  return a.reference === b.reference && a.standard === b.standard
}

/**
 * Most tokens whose sums are kept during the walk over all positions, some 200 bytes each. Supplies of further tokens
 * are not compared.
 */
const MAX_SUMMED_TOKENS = 200_000

/** The sum of a token over all accounts; undefined if one of the amounts is unknown. */
export type TokenSum = { readonly asset: AssetRef; readonly sum: bigint | undefined }

/** The stored supply of a token: the sum of its accounts' balances. */
export function storedSupply(asset: AssetRef, sum: bigint, block: BlockRef): StoredAmount {
  return { subject: 'supply', question: { what: 'supply', asset, block }, accounting: 'events', stored: sum }
}

/** Adds up the balances of each token whose supply the chain can be asked for. */
export class Supplies {
  /**
   * The journal's revision before the first row. If it has changed, some rows may be older than the change and some
   * newer.
   */
  readonly revision: number
  readonly #sums = new Map<string, { readonly asset: AssetRef; sum: bigint | undefined }>()

  constructor(revision: number) {
    this.revision = revision
  }

  add({ asset, item, amount, accounting }: Position): void {
    const { standard } = asset
    if (item !== NO_ITEM || accounting !== 'events' || STANDARD_RULES[standard].supply === 'none') return
    const known = this.#sums.get(assetKey(asset))
    if (known === undefined) {
      if (this.#sums.size < MAX_SUMMED_TOKENS) this.#sums.set(assetKey(asset), { asset, sum: amount })
      return
    }
    known.sum = known.sum === undefined || amount === undefined ? undefined : known.sum + amount
  }

  all(): readonly TokenSum[] {
    return [...this.#sums.values()]
  }
}
