import type { AccountCodec } from '../../../core/account.ts'
import type { AssetRef } from '../../../core/asset.ts'
import type { BalanceKey } from '../../../core/balance.ts'
import { type Coverage, type CoverageTest, coverageTest } from '../../../core/coverage.ts'
import { amountOfHex, decodeAmount, encodeItem } from '../../../journal/amount-codec.ts'
import { decodeHash } from '../../../journal/hash-codec.ts'
import type { ChainClock, HeldBlock } from '../../seam/chain-clock.ts'
import type { StoredAsset, StoredBalance } from '../../seam/store.ts'
import { bytes, int, NO_ROW, nullable, text } from '../database.ts'
import type { AssetTable } from '../rows/asset-table.ts'
import type { ReadStatements } from './read-statements.ts'
import type { Snapshot } from './snapshot.ts'

/** The dependencies of a `PositionReader`. */
export type PositionReaderDeps = {
  readonly codec: AccountCodec
  readonly assets: AssetTable
  readonly statements: ReadStatements
  readonly snapshot: Snapshot
}

/** Reads single positions in the snapshot of the moment, and what makes them unproven. */
export class PositionReader {
  readonly #codec: AccountCodec
  readonly #assets: AssetTable
  readonly #statements: ReadStatements
  readonly #snapshot: Snapshot
  #kept: { readonly coverage: Coverage; readonly test: CoverageTest } | undefined

  constructor({ codec, assets, statements, snapshot }: PositionReaderDeps) {
    this.#codec = codec
    this.#assets = assets
    this.#statements = statements
    this.#snapshot = snapshot
  }

  /** Our block at a number, or the published block if `number` is undefined; undefined if we do not store it. */
  heldAt(number: number | undefined, { published }: ChainClock): HeldBlock | undefined {
    if (number === undefined || number === published?.number) return published
    const row = this.#statements.blockAt.get(number)
    return row && { number, hash: decodeHash(bytes(row[0])), timestamp: int(row[1]) }
  }

  /**
   * True if the rows of an account are incomplete, so that nothing is answered from them: its history is being fetched, or
   * it is no longer followed.
   */
  hides(account: string): boolean {
    const { coverage } = this.#snapshot.clock
    if (coverage?.scope.type !== 'accounts') return false
    if (this.#kept?.coverage !== coverage) {
      this.#kept = { coverage, test: coverageTest(coverage, this.#codec.zeroAddress) }
    }
    return !this.#kept.test.keeps(account)
  }

  /** The stored asset; undefined if it was never seen. The native asset has no events, so it is never stored. */
  assetOf(asset: AssetRef): StoredAsset | undefined {
    return asset.standard === 'native' ? undefined : this.#assets.find(asset)
  }

  /** A position as of the published block or an earlier one; undefined if there is no row and nothing is in doubt. */
  balance(key: BalanceKey, asOf: number | undefined): StoredBalance | undefined {
    return this.balanceOf(key, this.assetOf(key.asset), asOf)
  }

  /** As `balance`. `asset`: that of the key, as stored. */
  balanceOf(key: BalanceKey, asset: StoredAsset | undefined, asOf: number | undefined): StoredBalance | undefined {
    // An older version may have stored rows for the zero address. They are not sums of its events, so ignore them.
    if (asset === undefined || key.account === this.#codec.zeroAddress) return undefined
    const where = { account: this.#codec.encode(key.account), asset: asset.id, item: encodeItem(key.item) }
    const named = { assetId: asset.id, account: key.account, item: key.item }
    if (this.isRefuted(asset, where)) return { ...named, amount: undefined, inDoubt: true }
    const amount = this.#statements.amount.get(where.account, where.asset, where.item)
    if (amount === undefined || this.hides(key.account)) return undefined
    const now: StoredBalance = { ...named, amount: amountOfHex(text(amount)), inDoubt: false }
    return asOf === undefined ? now : this.#earlier(now, where, asOf)
  }

  /** The position at an earlier block: opening + the running sum by then. Unknown before the opening holds. */
  #earlier(
    now: StoredBalance,
    { account, asset, item }: { readonly account: Buffer; readonly asset: number; readonly item: Buffer },
    asOf: number,
  ): StoredBalance | undefined {
    // The opening is unknown or contradicted by the events, so earlier amounts are unknown too.
    if (now.amount === undefined) return now
    const where = [account, asset, item]
    const row = this.#statements.position.get(...where) ?? NO_ROW
    const since = nullable(this.#statements.since.get(...where), int)
    const from = this.#snapshot.clock.coverage?.from ?? 0
    const first = since === undefined || since === 0 ? from - 1 : since
    if (asOf < first) return { ...now, amount: undefined }
    if (int(row[0]) <= asOf) return now
    const change = this.#statements.changeAt.get(...where, asOf)
    if (change === undefined && since === undefined && int(row[2]) > asOf) return undefined
    const opening = nullable(row[1], (value) => decodeAmount(bytes(value)))
    const sum = change === undefined ? 0n : decodeAmount(bytes(change[0]))
    return { ...now, amount: opening === undefined ? undefined : opening + sum }
  }

  /** True if the chain refuted this balance, its token, or the whole chain's events. Usually nothing is in doubt. */
  isRefuted(asset: StoredAsset, pair: { readonly account: unknown; readonly item: unknown }): boolean {
    const { inDoubt, doubts } = this.#snapshot.clock
    if (inDoubt || asset.inDoubt) return true
    return doubts.pairs > 0 && this.#statements.isRefuted.get(asset.id, pair.account, pair.item) !== undefined
  }

  /** True if some data about the token is unproven. */
  isAnyRefuted(asset: StoredAsset, { inDoubt, doubts }: ChainClock): boolean {
    if (inDoubt || asset.inDoubt) return true
    // An account spent more than it received, so transfers are missing. Other accounts may be affected too.
    if (this.#statements.closedOf.get(asset.id) !== undefined) return true
    return doubts.pairs > 0 && this.#statements.refutedOf.get(asset.id) !== undefined
  }

  /** True if the account may hold assets that have no stored row. */
  mayLack(account: Buffer, { inDoubt, doubts }: ChainClock): boolean {
    return inDoubt || (doubts.pairs > 0 && this.#statements.lacksRow.get(account) !== undefined)
  }
}
