import type { AccountCodec } from '../../../core/account.ts'
import type { AssetRef } from '../../../core/asset.ts'
import type { BalanceKey } from '../../../core/balance.ts'
import type { BlockRef } from '../../../core/block.ts'
import { decodeAmountHex } from '../../../journal/amount-codec.ts'
import { decodeHash } from '../../../journal/hash-codec.ts'
import type { ChainClock } from '../../seam/chain-clock.ts'
import type { FollowedAccount } from '../../seam/followed.ts'
import type { BlockStatus } from '../../seam/observations.ts'
import type { PositionPage, PositionQuery } from '../../seam/positions.ts'
import type {
  AccountPage,
  AccountQuery,
  ChainReads,
  HolderPage,
  StoredAsset,
  TransferPage,
  TransferQuery,
} from '../../seam/store.ts'
import { bytes, int, nullable, type SqliteDatabase, text } from '../database.ts'
import type { SqliteLearnedTexts } from '../learned-texts.ts'
import type { SqliteObservations } from '../observations.ts'
import { AssetTable, type FixedClasses } from '../rows/asset-table.ts'
import type { SqliteTokens } from '../token-store.ts'
import type { SqliteTrail } from '../trail.ts'
import { readFollowed } from '../write/followed-accounts.ts'
import { AccountLists } from './account-lists.ts'
import { SqliteAuditReads } from './audit-reads.ts'
import { SqliteHistory } from './history-reader.ts'
import { SqliteHoldings } from './holdings.ts'
import { SqlitePairs } from './pair-reader.ts'
import { PositionReader } from './position-reader.ts'
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
  readonly learned: SqliteLearnedTexts
  readonly trail: SqliteTrail
  readonly fixed: FixedClasses
  readonly snapshot: Snapshot
}

/** Contracts whose assets are kept between two commits, about 200 bytes each. */
const MAX_REFERENCES = 10_000

/** The read side of one chain's file, on its own connection. */
export class SqliteReads implements ChainReads {
  readonly observations: SqliteObservations
  readonly holdings: SqliteHoldings
  readonly tokens: SqliteTokens
  readonly learned: SqliteLearnedTexts
  readonly audits: SqliteAuditReads
  readonly history: SqliteHistory
  readonly pairs: SqlitePairs
  readonly trail: SqliteTrail
  readonly #codec: AccountCodec
  readonly #assets: AssetTable
  readonly #statements: ReadStatements
  readonly #snapshot: Snapshot
  readonly #transfers: TransferReader
  readonly #walker: PositionWalker
  readonly #positions: PositionReader
  readonly #accounts: AccountLists
  /** The assets of contracts that were asked for since the last commit: any commit may add an asset. */
  readonly #ofReference = new Map<string, readonly StoredAsset[]>()

  constructor(options: ReadsOptions) {
    this.#codec = options.codec
    this.observations = options.observations
    this.tokens = options.tokens
    this.learned = options.learned
    this.trail = options.trail
    this.#assets = new AssetTable(options.db, options.fixed)
    this.audits = new SqliteAuditReads(options.db, { ...options, assets: this.#assets })
    this.#snapshot = options.snapshot
    this.#statements = prepareReads(options.db)
    const parts = { ...options, assets: this.#assets, statements: this.#statements }
    this.#positions = new PositionReader(parts)
    this.pairs = new SqlitePairs({ ...parts, positions: this.#positions })
    this.#accounts = new AccountLists({ ...parts, positions: this.#positions })
    this.holdings = new SqliteHoldings({ ...options, assets: this.#assets })
    options.snapshot.onClassesChange(() => this.#assets.forget())
    options.snapshot.onCommit(() => this.#ofReference.clear())
    this.#transfers = new TransferReader(options.db, options.codec)
    const mayLack = (asset: StoredAsset, clock: ChainClock) => this.#positions.isAnyRefuted(asset, clock)
    this.history = new SqliteHistory({ ...options, assets: this.#assets, mayLack })
    this.#walker = new PositionWalker(options.db, { codec: options.codec, assets: this.#assets })
  }

  async clock(): Promise<ChainClock> {
    return this.#snapshot.read((clock) => clock)
  }

  async asset(asset: AssetRef): Promise<StoredAsset | undefined> {
    return this.#snapshot.read(() => this.#assets.find(asset))
  }

  assetsOf(reference: string): readonly StoredAsset[] {
    return this.#snapshot.read(() => {
      const known = this.#ofReference.get(reference)
      if (known !== undefined) return known
      const assets = this.#assets.of(reference)
      if (this.#ofReference.size >= MAX_REFERENCES) this.#ofReference.clear()
      this.#ofReference.set(reference, assets)
      return assets
    })
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

  balances(keys: readonly BalanceKey[], asOf?: number) {
    return this.#snapshot.read((clock) => {
      const assets = keys.map(({ asset }) => this.#positions.assetOf(asset))
      const rows = keys.map((key, index) => this.#positions.balanceOf(key, assets[index], asOf))
      return { clock, block: this.#positions.heldAt(asOf, clock), rows, assets }
    })
  }

  async followed(): Promise<readonly FollowedAccount[]> {
    return this.#snapshot.read(() => this.#statements.followed.all().map((row) => readFollowed(row, this.#codec)))
  }

  account(query: AccountQuery): AccountPage {
    return this.#accounts.page(query)
  }

  async holders(query: {
    readonly asset: AssetRef
    readonly offset: number
    readonly limit: number
  }): Promise<HolderPage> {
    return this.#snapshot.read((clock) => {
      const asset = this.#assets.find(query.asset)
      if (asset === undefined) return { clock, count: 0, rows: [], inDoubt: clock.inDoubt }
      const inDoubt = this.#positions.isAnyRefuted(asset, clock)
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
      return { clock, ...this.#transfers.page(asset, query), inDoubt: this.#positions.isAnyRefuted(asset, clock) }
    })
  }

  async walk(query: PositionQuery): Promise<PositionPage> {
    return this.#snapshot.read((clock) => {
      const holds = this.#walker.holds(query.at, clock.published)
      const { found, next, share } = this.#walker.next(query)
      const rows = found.flatMap(({ account, asset, item }) => {
        const key = { account, asset: asset.asset, item }
        const row = this.#positions.balance(key, query.at.number)
        if (row === undefined) return []
        return [{ ...key, amount: row.amount, accounting: asset.accounting, inDoubt: row.inDoubt }]
      })
      return { holds, rows, next, share }
    })
  }
}
