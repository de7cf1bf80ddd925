import { assert } from '../../core/assert.ts'
import { Changeset, Lookup, type Plan } from '../plan.ts'
import { accounts, assets } from '../tables/facts.ts'
import type { AssetRow } from './assets.ts'

const NONE: ReadonlyMap<number, AssetRow> = new Map()

/** What is added to the counts of an account. */
type OfAccount = { readonly account: Buffer; assets: number; received: number }
/** What is added to the counts of an asset. */
type OfAsset = { transfers: number; holders: number; supply: bigint }

/** Collects what a plan adds to the counts of accounts and assets, so that each row is written once. */
export class Counts {
  readonly #accounts = new Map<string, OfAccount>()
  readonly #assets = new Map<number, OfAsset>()
  #last: OfAccount | undefined

  account(account: Buffer): OfAccount {
    // The pairs of one account mostly come one after another, and share its bytes.
    if (this.#last?.account === account) return this.#last
    const name = account.toString('latin1')
    let counts = this.#accounts.get(name)
    if (counts === undefined) {
      counts = { account, assets: 0, received: 0 }
      this.#accounts.set(name, counts)
    }
    this.#last = counts
    return counts
  }

  asset(id: number): OfAsset {
    let counts = this.#assets.get(id)
    if (counts === undefined) {
      counts = { transfers: 0, holders: 0, supply: 0n }
      this.#assets.set(id, counts)
    }
    return counts
  }

  /** Adds what was collected to the stored counts. `known`: rows of assets, as they are stored. */
  *apply(known: ReadonlyMap<number, AssetRow> = NONE): Plan<void> {
    const ofAccounts = [...this.#accounts.values()].filter(({ assets: met, received }) => met !== 0 || received !== 0)
    const ofAssets = [...this.#assets].filter(
      ([, { transfers, holders, supply }]) => transfers !== 0 || holders !== 0 || supply !== 0n,
    )
    this.#accounts.clear()
    this.#last = undefined
    this.#assets.clear()
    if (ofAccounts.length + ofAssets.length === 0) return
    // What only grows is added without being read. A count that sinks may end its row.
    const sinking = ofAccounts.filter(({ assets: met }) => met < 0)
    const accountRows = new Lookup(accounts, sinking)
    const assetRows = new Lookup(
      assets,
      ofAssets.flatMap(([id]) => (known.has(id) ? [] : [{ id }])),
    )
    const needs = [accountRows, assetRows].filter(({ keys }) => keys.length > 0)
    if (needs.length > 0) yield needs
    const changes = new Changeset()
    for (const one of ofAccounts) if (one.assets >= 0) changes.add(accounts, one)
    for (const [index, { account, assets: met, received }] of sinking.entries()) {
      const before = accountRows.rows[index]
      const after = { account, assets: (before?.assets ?? 0) + met, received: (before?.received ?? 0) + received }
      if (after.assets === 0) changes.delete(accounts, { account })
      else changes.put(accounts, before, after)
    }
    const read = new Map(assetRows.rows.flatMap((row) => (row === undefined ? [] : [[row.id, row]])))
    for (const [id, { transfers, holders, supply }] of ofAssets) {
      const before = known.get(id) ?? read.get(id)
      assert(before !== undefined, 'an asset that rows name is stored')
      changes.update(assets, before, {
        ...before,
        transfers: before.transfers + transfers,
        holders: before.holders + holders,
        supply: before.supply === undefined ? undefined : before.supply + supply,
      })
    }
    yield changes
  }
}
