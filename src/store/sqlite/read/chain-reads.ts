import type { AccountCodec } from '../../../core/account.ts'
import { assert } from '../../../core/assert.ts'
import type { AssetRef } from '../../../core/asset.ts'
import type { BalanceKey } from '../../../core/balance.ts'
import type { BlockRef } from '../../../core/block.ts'
import { isFungible, TOKEN_STANDARDS } from '../../../core/standards.ts'
import type { ChainClock, HeldBlock } from '../../seam/chain-clock.ts'
import type { BlockStatus } from '../../seam/observations.ts'
import type { PositionPage, PositionQuery } from '../../seam/positions.ts'
import type {
  AccountPage,
  AccountQuery,
  ChainReads,
  HolderPage,
  StoredAsset,
  StoredBalance,
  TransferPage,
  TransferQuery,
} from '../../seam/store.ts'
import { bytes, int, nullable, type Row, type SqliteDatabase, text } from '../database.ts'
import type { SqliteObservations } from '../observations.ts'
import { decodeAmount, decodeAmountHex, encodeItem } from '../rows/amount-codec.ts'
import { AssetTable, type FixedClasses } from '../rows/asset-table.ts'
import { decodeHash } from '../rows/hash-codec.ts'
import type { SqliteTokens } from '../token-store.ts'
import { SqliteAuditReads } from './audit-reads.ts'
import { SqliteHistory } from './history-reader.ts'
import { SqliteHoldings } from './holdings.ts'
import { PositionWalker } from './position-walker.ts'
import { prepareReads, type ReadStatements } from './read-statements.ts'
import type { Snapshot } from './snapshot.ts'
import { TransferReader } from './transfer-reader.ts'

/** What the reads of a chain need. */
export type ReadsOptions = {
  readonly db: SqliteDatabase
  readonly codec: AccountCodec
  readonly observations: SqliteObservations
  readonly tokens: SqliteTokens
  readonly fixed: FixedClasses
  readonly snapshot: Snapshot
}

/** The read side of one chain's file, on its own connection. */
export class SqliteReads implements ChainReads {
  readonly observations: SqliteObservations
  readonly holdings: SqliteHoldings
  readonly tokens: SqliteTokens
  readonly audits: SqliteAuditReads
  readonly history: SqliteHistory
  readonly #codec: AccountCodec
  readonly #assets: AssetTable
  readonly #statements: ReadStatements
  readonly #snapshot: Snapshot
  readonly #transfers: TransferReader
  readonly #walker: PositionWalker
  #endings: boolean | undefined

  constructor(options: ReadsOptions) {
    this.#codec = options.codec
    this.observations = options.observations
    this.tokens = options.tokens
    this.#assets = new AssetTable(options.db, options.fixed)
    this.audits = new SqliteAuditReads(options.db, { ...options, assets: this.#assets })
    this.#snapshot = options.snapshot
    this.holdings = new SqliteHoldings({ ...options, assets: this.#assets })
    options.snapshot.onClassesChange(() => {
      this.#assets.forget()
      this.#endings = undefined
    })
    this.#statements = prepareReads(options.db)
    this.#transfers = new TransferReader(options.db, options.codec)
    const mayLack = (asset: StoredAsset, clock: ChainClock) => this.#isAnyRefuted(asset, clock)
    this.history = new SqliteHistory({ ...options, assets: this.#assets, mayLack })
    this.#walker = new PositionWalker(options.db, { codec: options.codec, assets: this.#assets })
  }

  async clock(): Promise<ChainClock> {
    return this.#snapshot.read((clock) => clock)
  }

  async asset(asset: AssetRef): Promise<StoredAsset | undefined> {
    return this.#snapshot.read(() => this.#assets.find(asset))
  }

  async locate(blocks: readonly BlockRef[]): Promise<readonly BlockStatus[]> {
    return this.#snapshot.read(() =>
      blocks.map(({ number, hash }): BlockStatus => {
        const ours = this.#statements.hashAt.get(number)
        const childAt = nullable(this.#statements.childAt.get(number + 1), int)
        if (ours === undefined) return { branch: 'unnamed', childAt }
        return { branch: decodeHash(bytes(ours)) === hash ? 'ours' : 'other', childAt }
      }),
    )
  }

  async balances(keys: readonly BalanceKey[], asOf?: number) {
    return this.#snapshot.read((clock) => ({
      clock,
      block: this.#heldAt(asOf, clock),
      rows: keys.map((key) => this.#balance(key, asOf)),
    }))
  }

  async account(query: AccountQuery): Promise<AccountPage> {
    const account = this.#codec.encode(query.account)
    const fungibleOnly = onlyFungible(query)
    if (query.assets !== undefined) return this.#accountOf(account, query, query.assets)
    const pick = query.receivedOnly ? 'received' : fungibleOnly ? 'fungible' : 'all'
    const { asOf } = query
    if (asOf !== undefined) {
      const { count, ids } = this.#statements.past[pick]
      return this.#snapshot.read((clock) => ({
        clock,
        block: this.#heldAt(asOf, clock),
        inDoubt: this.#mayLack(account, clock),
        count: int(count.get({ account, asOf })),
        rows: ids
          .all({ account, asOf, limit: query.limit, offset: query.offset })
          .map((id) => this.#pastRow(query.account, int(id), asOf)),
      }))
    }
    return this.#snapshot.read((clock) => {
      const counted = this.#statements.count[pick].get(account)
      const present = this.#hasEndings() ? this.#statements.present[pick] : undefined
      const gone = present === undefined || counted === undefined ? 0 : int(present.gone.get(account))
      const count = counted === undefined ? 0 : int(counted) - gone
      const block = clock.published
      const inDoubt = this.#mayLack(account, clock)
      if (count === 0 || query.offset >= count) return { clock, block, count, rows: [], inDoubt }
      const page = gone === 0 || present === undefined ? this.#statements.page[pick] : present.page
      const rows = page.all(account, query.limit, query.offset)
      return { clock, block, count, rows: rows.map((entry) => this.#accountRow(query.account, entry)), inDoubt }
    })
  }

  /** Pages through the listed assets that the account has met. */
  #accountOf(account: Buffer, query: AccountQuery, listed: readonly AssetRef[]): AccountPage {
    const { metPosition } = this.#statements
    return this.#snapshot.read((clock) => {
      const met = listed.flatMap((wanted) => {
        const asset = query.standards.includes(wanted.standard) ? this.#assets.find(wanted) : undefined
        const row = asset === undefined ? undefined : metPosition.get(account, asset.id)
        const isThere = asset !== undefined && !isGoneAt(asset, query.asOf)
        return row === undefined || !isThere || !wasMet(row, query) ? [] : [row]
      })
      met.sort((a, b) => int(a[2]) - int(b[2]) || int(a[3]) - int(b[3]) || int(a[4]) - int(b[4]))
      const rows = met.slice(query.offset, query.offset + query.limit)
      const { asOf } = query
      const rowOf = (row: Row) =>
        asOf === undefined ? this.#accountRow(query.account, row) : this.#pastRow(query.account, int(row[0]), asOf)
      const inDoubt = this.#mayLack(account, clock)
      return { clock, block: this.#heldAt(asOf, clock), count: met.length, rows: rows.map(rowOf), inDoubt }
    })
  }

  async holders(query: {
    readonly asset: AssetRef
    readonly offset: number
    readonly limit: number
  }): Promise<HolderPage> {
    return this.#snapshot.read((clock) => {
      const asset = this.#assets.find(query.asset)
      if (asset === undefined) return { clock, count: 0, rows: [], inDoubt: clock.inDoubt }
      const inDoubt = this.#isAnyRefuted(asset, clock)
      const count = int(this.#statements.holderCount.get(asset.id))
      if (query.offset >= count) return { clock, count, rows: [], inDoubt }
      const rows = this.#statements.holders.all(asset.id, query.limit, query.offset).map((entry) => {
        const row = entry
        return { account: this.#codec.decode(bytes(row[0])), amount: decodeAmountHex(text(row[1])) }
      })
      return { clock, count, rows, inDoubt }
    })
  }

  async transfers(query: TransferQuery): Promise<TransferPage> {
    return this.#snapshot.read((clock) => {
      const asset = this.#assets.find(query.asset)
      if (asset === undefined) return { clock, count: 0, rows: [], inDoubt: clock.inDoubt }
      return { clock, ...this.#transfers.page(asset, query), inDoubt: this.#isAnyRefuted(asset, clock) }
    })
  }

  async walk(query: PositionQuery): Promise<PositionPage> {
    return this.#snapshot.read((clock) => {
      const holds = this.#walker.holds(query.at, clock.published)
      const { found, next, share } = this.#walker.next(query)
      const rows = found.flatMap(({ account, asset, item }) => {
        const key = { account, asset: asset.asset, item }
        const row = this.#balance(key, query.at.number)
        if (row === undefined) return []
        return [{ ...key, amount: row.amount, accounting: asset.accounting, inDoubt: row.inDoubt }]
      })
      return { holds, rows, next, share }
    })
  }

  /** Our block at a number, or the published block if `number` is undefined; undefined if we do not store it. */
  #heldAt(number: number | undefined, { published }: ChainClock): HeldBlock | undefined {
    if (number === undefined || number === published?.number) return published
    const row = this.#statements.blockAt.get(number)
    return row && { number, hash: decodeHash(bytes(row[0])), timestamp: int(row[1]) }
  }

  #balance(key: BalanceKey, asOf: number | undefined): StoredBalance | undefined {
    const asset = key.asset.standard === 'native' ? undefined : this.#assets.find(key.asset)
    // An older version may have stored rows for the zero address. They are not sums of its events, so ignore them.
    if (asset === undefined || key.account === this.#codec.zeroAddress) return undefined
    const where = [this.#codec.encode(key.account), asset.id, encodeItem(key.item)]
    const row = this.#statements.balance.get(...where)
    const named = { assetId: asset.id, account: key.account, item: key.item }
    const [account = '', , item = ''] = where
    if (this.#isRefuted(asset, { account, item })) return { ...named, amount: undefined, inDoubt: true }
    if (row === undefined) return undefined
    const amount = nullable(row[0], (value) => decodeAmount(bytes(value)))
    const now: StoredBalance = { ...named, amount, inDoubt: false }
    return asOf === undefined ? now : this.#earlier(now, { where, row, asOf })
  }

  /** The position at an earlier block: opening + the running sum by then. Unknown before the opening holds. */
  #earlier(now: StoredBalance, at: { where: readonly unknown[]; row: Row; asOf: number }): StoredBalance | undefined {
    // The opening is unknown or contradicted by the events, so earlier amounts are unknown too.
    if (now.amount === undefined) return now
    const since = nullable(this.#statements.since.get(...at.where), int)
    const from = this.#snapshot.clock.coverage?.from ?? 0
    const first = since === undefined || since === 0 ? from - 1 : since
    if (at.asOf < first) return { ...now, amount: undefined }
    if (int(at.row[1]) <= at.asOf) return now
    const change = this.#statements.changeAt.get(...at.where, at.asOf)
    if (change === undefined && since === undefined && int(at.row[4]) > at.asOf) return undefined
    const opening = nullable(at.row[2], (value) => decodeAmount(bytes(value)))
    const sum = change === undefined ? 0n : decodeAmount(bytes(change[0]))
    return { ...now, amount: opening === undefined ? undefined : opening + sum }
  }

  #pastRow(account: string, id: number, asOf: number): StoredBalance & { readonly asset: StoredAsset } {
    const asset = this.#assets.byId(id)
    const row = this.#balance({ account, asset: asset.asset, item: '' }, asOf)
    return { assetId: id, account, item: '', amount: row?.amount, inDoubt: row?.inDoubt ?? false, asset }
  }

  #accountRow(account: string, row: Row): StoredBalance & { readonly asset: StoredAsset } {
    const asset = this.#assets.byId(int(row[0]))
    const inDoubt = this.#isRefuted(asset, { account: this.#codec.encode(account), item: encodeItem('') })
    // SQLite's hex(NULL) is the empty string. No encoded amount is empty.
    const amount = inDoubt || row[1] === '' ? undefined : decodeAmountHex(text(row[1]))
    return { assetId: asset.id, account, item: '', amount, inDoubt, asset }
  }

  /** True if any contract was ever destroyed. Usually none was, and lists then skip the extra queries. */
  #hasEndings(): boolean {
    this.#endings ??= this.#statements.hasEndings.get() !== undefined
    return this.#endings
  }

  /** True if the chain refuted this balance, its token, or the whole chain's events. Usually nothing is in doubt. */
  #isRefuted(asset: StoredAsset, pair: { readonly account: unknown; readonly item: unknown }): boolean {
    const { inDoubt, doubts } = this.#snapshot.clock
    if (inDoubt || asset.inDoubt) return true
    return doubts.pairs > 0 && this.#statements.isRefuted.get(asset.id, pair.account, pair.item) !== undefined
  }

  /** True if some data about the token is unproven. */
  #isAnyRefuted(asset: StoredAsset, { inDoubt, doubts }: ChainClock): boolean {
    if (inDoubt || asset.inDoubt) return true
    // An account spent more than it received, so transfers are missing. Other accounts may be affected too.
    if (this.#statements.closedOf.get(asset.id) !== undefined) return true
    return doubts.pairs > 0 && this.#statements.refutedOf.get(asset.id) !== undefined
  }

  /** True if the account may hold assets that have no stored row. */
  #mayLack(account: Buffer, { inDoubt, doubts }: ChainClock): boolean {
    return inDoubt || (doubts.pairs > 0 && this.#statements.lacksRow.get(account) !== undefined)
  }
}

/** True if the asset's contract has no code now, or had none at block `asOf`. */
function isGoneAt({ isGone, endedAt }: StoredAsset, asOf: number | undefined): boolean {
  if (asOf === undefined) return isGone
  if (endedAt === undefined || asOf < endedAt.block) return false
  return endedAt.again === undefined || asOf < endedAt.again
}

/** True if the query includes this `metPosition` row: met by `asOf`, and received by then if `receivedOnly`. */
function wasMet(row: Row, { receivedOnly, asOf = Number.MAX_SAFE_INTEGER }: AccountQuery): boolean {
  if (int(row[2]) > asOf) return false
  return !receivedOnly || (row[5] !== null && int(row[5]) <= asOf)
}

/** True if the query wants only fungible assets. No caller uses other subsets of the standards yet. */
function onlyFungible(query: AccountQuery): boolean {
  const wanted = new Set(query.standards)
  const nfts = TOKEN_STANDARDS.filter((standard) => !isFungible(standard))
  const withNfts = nfts.every((standard) => wanted.has(standard))
  assert(withNfts || nfts.every((standard) => !wanted.has(standard)), 'a list has all NFT standards or none')
  assert(!(withNfts && query.receivedOnly), 'received assets are counted for fungible assets only')
  return !withNfts
}
