import { assetKey } from '../../../core/asset.ts'
import type { BalanceKey } from '../../../core/balance.ts'

/**
 * Sorts rows that one transaction writes. Two that write the same rows in different orders would wait for each other, until the
 * server ends one of them with an error. Rows with one name keep their order.
 */
export function inLockOrder<T>(rows: readonly T[], nameOf: (row: T) => string): readonly T[] {
  return rows
    .map((row) => ({ row, name: nameOf(row) }))
    .sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)))
    .map(({ row }) => row)
}

/** Names the row of a balance. */
export function balanceName({ account, asset, item }: BalanceKey): string {
  return `${account}/${assetKey(asset)}/${item}`
}
