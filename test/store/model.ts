import { isAmount } from '../../src/core/amount.ts'
import { type AssetRef, assetKey } from '../../src/core/asset.ts'
import { isFungible } from '../../src/core/standards.ts'
import type { BlockTransfers, Transfer } from '../../src/core/transfer.ts'

/** What an account holds of an asset, computed by adding up all transfers. */
export type ModelPosition = { amount: bigint | undefined; order: number; received: boolean; fungible: boolean }

/** A chain as a list of blocks. Everything else is computed from it again for each query. */
export class Model {
  blocks: BlockTransfers[] = []

  append(blocks: readonly BlockTransfers[]): void {
    this.blocks.push(...blocks)
  }

  rollback(ancestor: number): void {
    this.blocks = this.blocks.filter((block) => block.number <= ancestor)
  }

  /**
   * Positions by `account/asset/item` that were met by the end of a block. If a sum is out of range at the end of any
   * block, then or later, the amount is unknown: the events do not explain it.
   */
  positions(asOf = Number.MAX_SAFE_INTEGER): Map<string, ModelPosition> {
    const positions = this.#sums(asOf)
    for (const key of this.contradicted()) {
      const position = positions.get(key)
      if (position !== undefined) position.amount = undefined
    }
    return positions
  }

  /** Positions whose sums were out of range at the end of some block. */
  contradicted(): Set<string> {
    const found = new Set<string>()
    for (const { number } of this.blocks) {
      for (const [key, { amount = 0n }] of this.#sums(number)) if (!isAmount(amount)) found.add(key)
    }
    return found
  }

  #sums(asOf: number): Map<string, ModelPosition> {
    const positions = new Map<string, ModelPosition>()
    let order = 0
    for (const transfer of this.transfers(asOf)) {
      order++
      const fungible = isFungible(transfer.asset.standard)
      for (const item of fungible ? [''] : ['', transfer.item]) {
        for (const [account, delta, received] of sidesOf(transfer)) {
          const key = `${account}/${assetKey(transfer.asset)}/${item}`
          const position = positions.get(key) ?? { amount: 0n, order, received: false, fungible }
          position.amount = (position.amount ?? 0n) + delta
          position.received ||= received
          positions.set(key, position)
        }
      }
    }
    return positions
  }

  transfers(asOf = Number.MAX_SAFE_INTEGER): Transfer[] {
    return this.blocks.filter((block) => block.number <= asOf).flatMap((block) => block.transfers)
  }

  holders(asset: AssetRef): { account: string; amount: bigint }[] {
    const found: { account: string; amount: bigint }[] = []
    for (const [key, { amount }] of this.positions()) {
      const [account = '', name, item] = key.split('/')
      if (name === assetKey(asset) && item === '' && amount !== undefined && amount > 0n)
        found.push({ account, amount })
    }
    return found.sort((a, b) =>
      a.amount === b.amount ? (a.account < b.account ? -1 : 1) : a.amount > b.amount ? -1 : 1,
    )
  }
}

/** The changes of a transfer: the account, its delta, and whether it received. */
export function sidesOf({ from, to, amount }: Transfer): [string, bigint, boolean][] {
  if (from !== undefined && from === to) return [[from, 0n, true]]
  return [
    ...(from === undefined ? [] : [[from, -amount, false] satisfies [string, bigint, boolean]]),
    ...(to === undefined ? [] : [[to, amount, true] satisfies [string, bigint, boolean]]),
  ]
}
