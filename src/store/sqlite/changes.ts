import { type AssetRef, assetKey, isFungible, NO_ITEM } from '../../core/asset.ts'
import type { BlockTransfers, Transfer } from '../../core/transfer.ts'

/** One side of a transfer, at its place in the chain. `received`: the account is its receiver. */
export type Change = {
  readonly assetId: number
  readonly fungible: boolean
  readonly item: string
  readonly block: number
  readonly log: number
  readonly sub: number
  readonly delta: bigint
  readonly received: boolean
}

/** The changes of a batch by account; of each account in chain order. */
export type ChangesByAccount = Map<string, Change[]>

export type ChangeSources = {
  readonly idOf: (asset: AssetRef) => number
  /** False for accounts whose changes would be incomplete. */
  readonly keeps: (account: string) => boolean
}

/** Splits blocks of transfers into the changes of each account. A transfer to oneself is one change of nothing. */
export function gatherChanges(blocks: readonly BlockTransfers[], sources: ChangeSources): ChangesByAccount {
  const changes: ChangesByAccount = new Map()
  for (const block of blocks) {
    for (const transfer of block.transfers) {
      const { from, to } = transfer
      if (from !== undefined && from === to) {
        if (sources.keeps(from))
          push(changes, { block: block.number, transfer, delta: 0n, received: true, account: from }, sources)
        continue
      }
      if (from !== undefined && sources.keeps(from)) {
        push(
          changes,
          { block: block.number, transfer, delta: -transfer.amount, received: false, account: from },
          sources,
        )
      }
      if (to !== undefined && sources.keeps(to)) {
        push(changes, { block: block.number, transfer, delta: transfer.amount, received: true, account: to }, sources)
      }
    }
  }
  return changes
}

type Side = { block: number; transfer: Transfer; delta: bigint; received: boolean; account: string }

function push(changes: ChangesByAccount, side: Side, sources: ChangeSources): void {
  const { transfer, block, delta, received } = side
  let list = changes.get(side.account)
  if (list === undefined) {
    list = []
    changes.set(side.account, list)
  }
  const assetId = sources.idOf(transfer.asset)
  const fungible = isFungible(transfer.asset.standard)
  const place = { assetId, fungible, block, log: transfer.logIndex, sub: transfer.batchIndex, delta, received }
  list.push({ ...place, item: NO_ITEM })
  if (!fungible) list.push({ ...place, item: transfer.item })
}

/** Orders an account's changes by (asset, item), keeping the chain's order within each: the order of the table. */
export function sortForTable(changes: Change[]): Change[] {
  if (changes.length === 1) return changes
  return changes.sort((a, b) => a.assetId - b.assetId || (a.item === b.item ? 0 : a.item < b.item ? -1 : 1))
}

/** The distinct assets of a batch, in the order in which they first appear, with the block. */
export function assetsOf(
  blocks: readonly BlockTransfers[],
): ReadonlyMap<string, { asset: AssetRef; block: number; transfers: number }> {
  const seen = new Map<string, { asset: AssetRef; block: number; transfers: number }>()
  const byObject = new Map<AssetRef, { transfers: number }>()
  for (const block of blocks) {
    for (const { asset } of block.transfers) {
      const known = byObject.get(asset)
      if (known !== undefined) {
        known.transfers++
        continue
      }
      const key = assetKey(asset)
      const entry = seen.get(key) ?? { asset, block: block.number, transfers: 0 }
      entry.transfers++
      seen.set(key, entry)
      byObject.set(asset, entry)
    }
  }
  return seen
}
