import { assert } from '../../core/assert.ts'
import { type AssetRef, assetKey, NO_ITEM } from '../../core/asset.ts'
import type { BlockTransfers, Transfer } from '../../core/transfer.ts'
import { itemsOfSide, sidesOf } from '../sides.ts'
import { supplyDelta } from '../supply.ts'
import type { AssetRow } from './assets.ts'
import { isFungibleRow } from './assets.ts'

/** One side of a transfer, with its position in the chain. `received`: the account received. */
export type Change = {
  readonly asset: number
  readonly fungible: boolean
  readonly item: string
  readonly block: number
  readonly log: number
  readonly sub: number
  readonly delta: bigint
  readonly received: boolean
}

/** An account of a batch: its address as stored, and its changes in chain order. */
export type BatchAccount = { readonly bytes: Buffer; readonly changes: Change[] }

/** An asset of a batch, with its id. */
export type BatchAsset = { readonly id: number; readonly fungible: boolean }

/** The accounts and assets of one batch. Each is encoded and looked up once, however often the batch names it. */
export class BatchNames {
  readonly accounts = new Map<string, BatchAccount>()
  readonly #encode: (address: string) => Buffer
  readonly #assets: ReadonlyMap<string, BatchAsset>
  /** Adapters share one object among an asset's transfers, so a lookup by object needs no key text. */
  readonly #byObject = new Map<AssetRef, BatchAsset>()

  constructor(rows: readonly AssetRow[], names: Iterable<string>, encode: (address: string) => Buffer) {
    const keys = [...names]
    this.#assets = new Map(
      rows.map((row, index) => [keys[index] ?? '', { id: row.id, fungible: isFungibleRow(row) }] as const),
    )
    this.#encode = encode
  }

  account(address: string): BatchAccount {
    let account = this.accounts.get(address)
    if (account === undefined) {
      account = { bytes: this.#encode(address), changes: [] }
      this.accounts.set(address, account)
    }
    return account
  }

  asset(asset: AssetRef): BatchAsset {
    const known = this.#byObject.get(asset)
    if (known !== undefined) return known
    const found = this.#assets.get(assetKey(asset))
    assert(found !== undefined, 'every asset of a batch has an id')
    this.#byObject.set(asset, found)
    return found
  }
}

/**
 * Assigns each transfer of the blocks to its accounts. `keeps`: false for accounts whose changes would be incomplete, so
 * none are stored.
 */
export function gatherChanges(
  blocks: readonly BlockTransfers[],
  names: BatchNames,
  keeps: (account: string) => boolean,
): void {
  for (const { number, transfers } of blocks) {
    for (const transfer of transfers) {
      const asset = names.asset(transfer.asset)
      for (const { account, delta, received } of sidesOf(transfer, isSameText)) {
        if (!keeps(account)) continue
        push(names.account(account).changes, transfer, { asset, block: number, delta, received })
      }
    }
  }
}

function isSameText(a: string, b: string): boolean {
  return a === b
}

type ChangeSide = { asset: BatchAsset; block: number; delta: bigint; received: boolean }

function push(changes: Change[], transfer: Transfer, { asset, block, delta, received }: ChangeSide): void {
  const { event: log, part: sub } = transfer
  const { id, fungible } = asset
  for (const item of itemsOfSide(transfer.item, { none: NO_ITEM, fungible })) {
    changes.push({ asset: id, fungible, item, block, log, sub, delta, received })
  }
}

/** An account's changes of each balance, in the chain's order. */
export function byBalance(changes: Change[]): readonly (readonly Change[])[] {
  if (changes.length === 1) return [changes]
  changes.sort((a, b) => a.asset - b.asset || (a.item === b.item ? 0 : a.item < b.item ? -1 : 1))
  const runs: Change[][] = []
  let run: Change[] = []
  for (const change of changes) {
    const [first] = run
    if (first !== undefined && first.asset === change.asset && first.item === change.item) run.push(change)
    else {
      run = [change]
      runs.push(run)
    }
  }
  return runs
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
