import { type AssetRef, assetKey, NO_ITEM } from '../../../core/asset.ts'
import type { BlockTransfers, Transfer } from '../../../core/transfer.ts'
import { encodeAmount } from '../../../journal/amount-codec.ts'
import { itemsOfSide, sidesOf } from '../../../journal/sides.ts'
import { supplyDelta } from '../../../journal/supply.ts'

/**
 * One side of a transfer, with its position in the chain. `bytes`: the encoded delta. `received`: the account received.
 */
export type Change = {
  readonly assetId: number
  readonly fungible: boolean
  readonly item: string
  readonly block: number
  readonly log: number
  readonly sub: number
  readonly delta: bigint
  readonly bytes: Buffer
  readonly received: boolean
}

/** An account of a batch: its address as stored, and its changes in chain order. */
export type BatchAccount = { readonly bytes: Buffer; readonly changes: Change[] }

/** An asset of a batch, with its id. */
export type BatchAsset = { readonly id: number; readonly fungible: boolean }

/** Finds a batch's accounts by address and its assets by their shared object. Each is encoded once. */
export type BatchNames = {
  readonly account: (address: string) => BatchAccount
  readonly asset: (asset: AssetRef) => BatchAsset
  /** False for accounts whose changes would be incomplete, so none are stored. */
  readonly keeps: (account: string) => boolean
}

/** Assigns each transfer of the blocks to its accounts. A transfer to oneself is one change of 0. */
export function gatherChanges(blocks: readonly BlockTransfers[], names: BatchNames): void {
  for (const { number, transfers } of blocks) {
    for (const transfer of transfers) {
      const asset = names.asset(transfer.asset)
      for (const { account, delta, received } of sidesOf(transfer, isSameText)) {
        if (!names.keeps(account)) continue
        const side = { asset, block: number, delta, bytes: encodeAmount(delta), received }
        push(names.account(account).changes, transfer, side)
      }
    }
  }
}

function isSameText(a: string, b: string): boolean {
  return a === b
}

type ChangeSide = { asset: BatchAsset; block: number; delta: bigint; bytes: Buffer; received: boolean }

function push(changes: Change[], transfer: Transfer, side: ChangeSide): void {
  const { asset, block, delta, bytes, received } = side
  const { event: log, part: sub } = transfer
  const { id: assetId, fungible } = asset
  for (const item of itemsOfSide(transfer.item, { none: NO_ITEM, fungible })) {
    changes.push({ assetId, fungible, item, block, log, sub, delta, bytes, received })
  }
}

/** Orders an account's changes by (asset, item) as in the table, and keeps the chain's order within each. */
export function sortForTable(changes: Change[]): Change[] {
  if (changes.length === 1) return changes
  return changes.sort((a, b) => a.assetId - b.assetId || (a.item === b.item ? 0 : a.item < b.item ? -1 : 1))
}

/** The distinct assets of some blocks by `assetKey`, in the order in which they first appear. */
export function assetsOf(blocks: readonly BlockTransfers[]): ReadonlyMap<string, NamedAsset> {
  const seen = new Map<string, NamedAsset>()
  const byObject = new Map<AssetRef, NamedAsset>()
  for (const block of blocks) {
    for (const transfer of block.transfers) {
      const { asset } = transfer
      let entry = byObject.get(asset)
      if (entry === undefined) {
        const key = assetKey(asset)
        entry = seen.get(key) ?? { asset, block: block.number, transfers: 0, supply: 0n }
        seen.set(key, entry)
        byObject.set(asset, entry)
      }
      entry.transfers++
      if (transfer.from === undefined || transfer.to === undefined) entry.supply += supplyDelta(transfer)
    }
  }
  return seen
}

/**
 * An asset of some blocks. `block`: the first block with a transfer of it. `transfers`: their number. `supply`: what
 * they minted, minus what they burnt.
 */
export type NamedAsset = { readonly asset: AssetRef; readonly block: number; transfers: number; supply: bigint }
