import { type AssetRef, assetKey, NO_ITEM } from '../../../core/asset.ts'
import type { BlockTransfers, Transfer } from '../../../core/transfer.ts'
import { encodeAmount, ZERO } from '../rows/amount-codec.ts'
import { supplyDelta } from './supply.ts'

/** One side of a transfer, at its place in the chain. `bytes` is the delta encoded; `received`: by its receiver. */
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

/** An asset of a batch. */
export type BatchAsset = { readonly id: number; readonly fungible: boolean }

/** What a batch names, encoded once each: accounts by address, assets by the object that the batch shares. */
export type BatchNames = {
  readonly account: (address: string) => BatchAccount
  readonly asset: (asset: AssetRef) => BatchAsset
  /** False for accounts whose changes would be incomplete. */
  readonly keeps: (account: string) => boolean
}

/** Hands each transfer of the blocks to the accounts that it concerns. One to oneself is one change of nothing. */
export function gatherChanges(blocks: readonly BlockTransfers[], names: BatchNames): void {
  for (const { number, transfers } of blocks) {
    for (const transfer of transfers) {
      const { from, to, amount } = transfer
      const asset = names.asset(transfer.asset)
      if (from !== undefined && names.keeps(from)) {
        const own = from === to
        const delta = own ? 0n : -amount
        const bytes = own ? ZERO : encodeAmount(delta)
        push(names.account(from).changes, transfer, { asset, block: number, delta, bytes, received: own })
      }
      if (to !== undefined && to !== from && names.keeps(to)) {
        const side = { asset, block: number, delta: amount, bytes: encodeAmount(amount), received: true }
        push(names.account(to).changes, transfer, side)
      }
    }
  }
}

type Side = { asset: BatchAsset; block: number; delta: bigint; bytes: Buffer; received: boolean }

function push(changes: Change[], transfer: Transfer, side: Side): void {
  const { asset, block, delta, bytes, received } = side
  const { logIndex: log, batchIndex: sub } = transfer
  const { id: assetId, fungible } = asset
  changes.push({ assetId, fungible, item: NO_ITEM, block, log, sub, delta, bytes, received })
  if (!fungible) changes.push({ assetId, fungible, item: transfer.item, block, log, sub, delta, bytes, received })
}

/** Orders an account's changes by (asset, item), keeping the chain's order within each: the order of the table. */
export function sortForTable(changes: Change[]): Change[] {
  if (changes.length === 1) return changes
  return changes.sort((a, b) => a.assetId - b.assetId || (a.item === b.item ? 0 : a.item < b.item ? -1 : 1))
}

/** The distinct assets of a batch, in the order in which they first appear, with the block. */
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

/** An asset of some blocks: the first of them that names it, how many transfers do, and what these made less burnt. */
export type NamedAsset = { readonly asset: AssetRef; readonly block: number; transfers: number; supply: bigint }
