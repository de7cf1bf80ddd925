import type { AccountCodec } from '../../../core/account.ts'
import { type AssetRef, assetKey } from '../../../core/asset.ts'
import { decodeAmountHex } from '../../../journal/amount-codec.ts'
import type { HoldingReads } from '../../seam/observations.ts'
import type { StoredAsset } from '../../seam/store.ts'
import { bytes, int, type SqliteDatabase, type Statement, text } from '../database.ts'
import type { AssetTable } from '../rows/asset-table.ts'
import type { Snapshot } from './snapshot.ts'

/** Most transfers of a token to scan for accounts: about 10 ms. */
const MAX_TRANSFERS = 5_000
/** Most tokens whose counts are cached. */
const MAX_REMEMBERED = 100
/** Counts up to this are not cached: counting takes about 10 ms. */
const MAX_COUNTED_ANEW = 10_000
/** Lifetime of a cached count, in milliseconds. */
const COUNT_LASTS_MS = 10_000

/** The dependencies of `Holdings`. */
export type HoldingsDeps = {
  /** The connection that reads the facts file. The reads file is attached to it as `noted`. */
  readonly db: SqliteDatabase
  readonly codec: AccountCodec
  readonly assets: AssetTable
  readonly snapshot: Snapshot
}

/** Finds holders of tokens with `reads` accounting from both files of a chain. */
export class SqliteHoldings implements HoldingReads {
  readonly #deps: HoldingsDeps
  readonly #s: ReturnType<typeof prepare>
  readonly #counts = new Map<string, { readonly count: number; readonly at: number }>()

  constructor(deps: HoldingsDeps) {
    this.#deps = deps
    this.#s = prepare(deps.db)
  }

  async page({ asset, offset, limit }: Parameters<HoldingReads['page']>[0]): ReturnType<HoldingReads['page']> {
    const { assets, codec, snapshot } = this.#deps
    return snapshot.read(() => {
      const named = this.#named(asset, assets.find(asset))
      const count = this.#count(named, assetKey(asset))
      if (offset >= count) return { count, rows: [] }
      const rows = this.#s.page.all({ ...named, offset, limit }).map((entry) => {
        const row = entry
        return { account: codec.decode(bytes(row[0])), amount: decodeAmountHex(text(row[1])) }
      })
      return { count, rows }
    })
  }

  async accounts(asset: AssetRef, limit: number): Promise<readonly string[] | undefined> {
    const { assets, codec, snapshot } = this.#deps
    return snapshot.read(() => {
      const stored = assets.find(asset)
      const named = this.#named(asset, stored)
      const found = new Set<string>()
      const add = (account: unknown): void => {
        const text = codec.decode(bytes(account))
        if (text !== codec.zeroAddress) found.add(text)
      }
      for (const account of this.#s.observed.all({ ...named, limit: limit + 2 })) add(account)
      if (stored === undefined) return found.size > limit ? undefined : [...found]
      for (const account of this.#s.held.all({ ...named, limit: limit + 2 })) add(account)
      for (const account of this.#s.hinted.all({ ...named, limit: limit + 2 })) add(account)
      if (found.size > limit) return undefined
      const parties = this.#partiesOf(stored)
      if (parties === undefined) return undefined
      for (const account of parties) add(account)
      return found.size > limit ? undefined : [...found]
    })
  }

  /** The accounts that sent or received a token; undefined if it has too many transfers to scan. */
  #partiesOf({ id }: StoredAsset): readonly Buffer[] | undefined {
    const transfers = int(this.#s.transfers.get(id))
    if (transfers > MAX_TRANSFERS) return undefined
    return this.#s.parties.all({ id }).map(bytes)
  }

  #count(named: Named, key: string): number {
    const known = this.#counts.get(key)
    const isYoung = known !== undefined && Date.now() - known.at < COUNT_LASTS_MS
    if (isYoung && known.count > MAX_COUNTED_ANEW) return known.count
    const count = int(this.#s.count.get(named))
    if (this.#counts.size >= MAX_REMEMBERED) this.#counts.clear()
    this.#counts.set(key, { count, at: Date.now() })
    return count
  }

  #named({ reference, standard }: AssetRef, stored: StoredAsset | undefined): Named {
    const { codec } = this.#deps
    const zeroAddress = codec.zeroAddress === undefined ? Buffer.alloc(0) : codec.encode(codec.zeroAddress)
    return { id: stored?.id ?? 0, reference, standard, zeroAddress }
  }
}

type Named = {
  readonly id: number
  readonly reference: string
  readonly standard: string
  readonly zeroAddress: Buffer
}

function prepare(db: SqliteDatabase) {
  const sql = (statement: string): Statement => db.prepare(statement)
  const ofAsset = "reference = @reference AND standard = @standard AND item = x''"
  const observed = `SELECT account, amount FROM noted.observations
    WHERE ${ofAsset} AND amount > x'80' AND account <> @zeroAddress`
  const summed = `SELECT account, amount FROM balances b WHERE asset = @id AND item = x'' AND amount > x'80' AND NOT EXISTS
    (SELECT 1 FROM noted.observations o WHERE o.account = b.account AND o.${ofAsset.replaceAll(' AND ', ' AND o.')})`
  return {
    page: sql(
      `SELECT account, hex(amount) FROM (${observed} UNION ALL ${summed})
       ORDER BY amount DESC, account LIMIT @limit + 0 OFFSET @offset + 0`,
    ).raw(),
    count: sql(`SELECT (SELECT count(*) FROM (${observed})) + (SELECT count(*) FROM (${summed}))`).pluck(),
    observed: sql(`SELECT account FROM noted.observations WHERE ${ofAsset} LIMIT @limit + 0`).pluck(),
    held: sql(
      "SELECT account FROM balances WHERE asset = @id AND item = x'' AND amount > x'80' LIMIT @limit + 0",
    ).pluck(),
    // Accounts named only by events other than transfers, such as the first deposit into a wrapped native asset.
    hinted: sql(`SELECT account FROM hints WHERE ${ofAsset} LIMIT @limit + 0`).pluck(),
    transfers: sql('SELECT transfers FROM assets WHERE id = ?').pluck(),
    parties: sql(
      `SELECT sender FROM transfers WHERE asset = @id AND sender IS NOT NULL
       UNION SELECT receiver FROM transfers WHERE asset = @id AND receiver IS NOT NULL`,
    ).pluck(),
  }
}
