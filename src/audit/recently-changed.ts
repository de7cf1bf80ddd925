import { assetKey, NO_ITEM } from '../core/asset.ts'
import { type BalanceKey, balanceName, isReadable } from '../core/balance.ts'
import { isFungible } from '../core/standards.ts'
import type { BlockTransfers } from '../core/transfer.ts'

/** Most recently changed balances kept: as many as one multicall carries. */
const MAX_CHANGED = 200
/** Most of them per token, so that a busy token does not displace others. */
const MAX_OF_TOKEN = 20

/** Collects some of the recently changed balances until they are taken. */
export class RecentlyChanged {
  readonly #keys = new Map<string, BalanceKey>()
  readonly #ofToken = new Map<string, number>()

  /** `hinted`: balances that may have changed other than by the blocks' transfers. */
  add(blocks: readonly BlockTransfers[], hinted: readonly BalanceKey[] = []): void {
    for (const key of hinted) {
      if (this.#keys.size >= MAX_CHANGED) return
      this.#touch(key)
    }
    for (const { transfers } of blocks) {
      for (const { asset, from, to, item } of transfers) {
        if (this.#keys.size >= MAX_CHANGED) return
        const items = isFungible(asset.standard) ? [NO_ITEM] : [NO_ITEM, item]
        for (const account of [from, to]) {
          if (account !== undefined) for (const one of items) this.#touch({ account, asset, item: one })
        }
      }
    }
  }

  take(): readonly BalanceKey[] {
    const keys = [...this.#keys.values()]
    this.#keys.clear()
    this.#ofToken.clear()
    return keys
  }

  #touch(key: BalanceKey): void {
    if (!isReadable(key)) return
    const token = assetKey(key.asset)
    const count = this.#ofToken.get(token) ?? 0
    const name = balanceName(key)
    if (count >= MAX_OF_TOKEN || this.#keys.has(name)) return
    this.#keys.set(name, key)
    this.#ofToken.set(token, count + 1)
  }
}
