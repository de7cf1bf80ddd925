import { assert } from '../../../core/assert.ts'
import { type AssetRef, assetKey } from '../../../core/asset.ts'
import type { BatchAccount, BatchAsset, BatchNames } from './changes.ts'

/** The accounts and assets of one batch. Each is encoded and looked up once, however often the batch names it. */
export class Names implements BatchNames {
  readonly accounts = new Map<string, BatchAccount>()
  readonly keeps: (account: string) => boolean
  readonly #encode: (address: string) => Buffer
  readonly #assets: ReadonlyMap<string, BatchAsset>
  /** Adapters share one object among an asset's transfers, so a lookup by object needs no key text. */
  readonly #byObject = new Map<AssetRef, BatchAsset>()

  constructor(deps: {
    readonly assets: ReadonlyMap<string, BatchAsset>
    readonly encode: (address: string) => Buffer
    readonly keeps: (account: string) => boolean
  }) {
    this.#assets = deps.assets
    this.#encode = deps.encode
    this.keeps = deps.keeps
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
