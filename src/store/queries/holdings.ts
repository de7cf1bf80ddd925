import type { AccountCodec } from '../../core/account.ts'
import { type AssetRef, assetKey } from '../../core/asset.ts'
import { decodeAmountHex } from '../../journal/amount-codec.ts'
import { bytes, int, text } from '../rows/columns.ts'
import type { HoldingReads } from '../seam/observations.ts'
import type { StoredAsset } from '../seam/store.ts'
import type { ReadContext } from './context.ts'
import { type Query, rowOf, rowsOf } from './query.ts'

/** Most transfers of a token to scan for accounts: about 10 ms. */
const MAX_TRANSFERS = 5_000
/** Most tokens whose counts are cached. */
const MAX_REMEMBERED = 100
/** Counts up to this are not cached: counting takes about 10 ms. */
const MAX_COUNTED_ANEW = 10_000
/** Lifetime of a cached count, in milliseconds. */
const COUNT_LASTS_MS = 10_000

const OF_ASSET = "reference = @reference AND standard = @standard AND item = x''"
const OBSERVED = `SELECT account, amount FROM noted.observations
  WHERE ${OF_ASSET} AND amount > x'80' AND account <> @zeroAddress`
const SUMMED = `SELECT account, amount FROM balances b WHERE asset = @id AND item = x'' AND amount > x'80' AND NOT EXISTS
  (SELECT 1 FROM noted.observations o WHERE o.account = b.account AND o.${OF_ASSET.replaceAll(' AND ', ' AND o.')})`
const PAGE = rowsOf(
  `SELECT account, hex(amount) FROM (${OBSERVED} UNION ALL ${SUMMED}) h
   ORDER BY amount DESC, account LIMIT @limit + 0 OFFSET @offset + 0`,
)
const COUNT = rowOf(`SELECT (SELECT count(*) FROM (${OBSERVED}) o) + (SELECT count(*) FROM (${SUMMED}) s)`)
const OBSERVED_ACCOUNTS = rowsOf(`SELECT account FROM noted.observations WHERE ${OF_ASSET} LIMIT @limit + 0`)
const HELD = rowsOf("SELECT account FROM balances WHERE asset = @id AND item = x'' AND amount > x'80' LIMIT @limit + 0")
/** Accounts named only by events other than transfers, such as the first deposit into a wrapped native asset. */
const HINTED = rowsOf(`SELECT account FROM hints WHERE ${OF_ASSET} LIMIT @limit + 0`)
const TRANSFERS = rowOf('SELECT transfers FROM assets WHERE id = ?')
const PARTIES = rowsOf(
  `SELECT sender FROM transfers WHERE asset = @id AND sender IS NOT NULL
   UNION SELECT receiver FROM transfers WHERE asset = @id AND receiver IS NOT NULL`,
)

/** Finds holders of tokens with `reads` accounting from the journal and from the stored reads of a chain. */
export class Holdings {
  readonly #codec: AccountCodec
  readonly #counts = new Map<string, { readonly count: number; readonly at: number }>()

  constructor(codec: AccountCodec) {
    this.#codec = codec
  }

  /** As `HoldingReads.page`. */
  *page(
    { assets }: ReadContext,
    { asset, offset, limit }: Parameters<HoldingReads['page']>[0],
  ): Query<Awaited<ReturnType<HoldingReads['page']>>> {
    const named = this.#named(asset, yield* assets.find(asset))
    const count = yield* this.#count(named, assetKey(asset))
    if (offset >= count) return { count, rows: [] }
    const rows = yield [PAGE, { ...named, offset, limit }]
    const holders = rows.map((row) => {
      return { account: this.#codec.decode(bytes(row[0])), amount: decodeAmountHex(text(row[1])) }
    })
    return { count, rows: holders }
  }

  /** As `HoldingReads.accounts`. */
  *accounts({ assets }: ReadContext, asset: AssetRef, limit: number): Query<readonly string[] | undefined> {
    const { decode, zeroAddress } = this.#codec
    const stored = yield* assets.find(asset)
    const named = { ...this.#named(asset, stored), limit: limit + 2 }
    const found = new Set<string>()
    const add = (rows: readonly (readonly unknown[])[]): void => {
      for (const [account] of rows) {
        const address = decode(bytes(account))
        if (address !== zeroAddress) found.add(address)
      }
    }
    add(yield [OBSERVED_ACCOUNTS, named])
    if (stored === undefined) return found.size > limit ? undefined : [...found]
    add(yield [HELD, named])
    add(yield [HINTED, named])
    if (found.size > limit) return undefined
    const [counted] = yield [TRANSFERS, stored.id]
    if (int(counted?.[0]) > MAX_TRANSFERS) return undefined
    add(yield [PARTIES, { id: stored.id }])
    return found.size > limit ? undefined : [...found]
  }

  *#count(named: Holding, key: string): Query<number> {
    const known = this.#counts.get(key)
    const isYoung = known !== undefined && Date.now() - known.at < COUNT_LASTS_MS
    if (isYoung && known.count > MAX_COUNTED_ANEW) return known.count
    const [row] = yield [COUNT, named]
    const count = int(row?.[0])
    if (this.#counts.size >= MAX_REMEMBERED) this.#counts.clear()
    this.#counts.set(key, { count, at: Date.now() })
    return count
  }

  #named({ reference, standard }: AssetRef, stored: StoredAsset | undefined): Holding {
    const { encode, zeroAddress } = this.#codec
    return {
      id: stored?.id ?? 0,
      reference,
      standard,
      zeroAddress: zeroAddress === undefined ? Buffer.alloc(0) : encode(zeroAddress),
    }
  }
}

type Holding = {
  readonly id: number
  readonly reference: string
  readonly standard: string
  readonly zeroAddress: Buffer
}
