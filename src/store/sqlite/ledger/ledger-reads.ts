import { TEXT_ACCOUNTS } from '../../../core/account.ts'
import type { Header } from '../../../core/block.ts'
import type { RecordedOperation } from '../../../core/operation.ts'
import { AssetTable } from '../../queries/asset-table.ts'
import { RECORD, RECORD_COLUMNS, readRecorded } from '../../rows/ledger-rows.ts'
import type { AssetFacts, LedgerReads, RecordQuery } from '../../seam/ledger-store.ts'
import { int, NO_ROW, type SqliteDatabase, type Statement } from '../database.ts'
import type { Snapshot } from '../read/snapshot.ts'
import { SqliteAssets } from '../rows/assets.ts'
import { SqliteQueries } from '../run-query.ts'
import { LedgerLookups } from './ledger-lookups.ts'
import { WalletTrail } from './wallet-trail.ts'

/** The read side of a ledger. Shares the connection and the snapshots of its chain's read side. */
export class SqliteLedgerReads implements LedgerReads {
  readonly #snapshot: Snapshot
  readonly #assets: SqliteAssets
  readonly #lookups: LedgerLookups
  readonly #trail: WalletTrail
  readonly #s: ReturnType<typeof prepare>

  constructor(db: SqliteDatabase, snapshot: Snapshot) {
    this.#snapshot = snapshot
    this.#assets = new SqliteAssets(new SqliteQueries(db), new AssetTable(new Map()))
    this.#lookups = new LedgerLookups(db, this.#assets)
    this.#trail = new WalletTrail(db)
    this.#s = prepare(db)
  }

  renew(): void {
    this.#snapshot.renew()
  }

  async header(number: number): Promise<Header | undefined> {
    return this.#snapshot.look(() => this.#lookups.header(number))
  }

  async hasWallet(wallet: string): Promise<boolean> {
    return this.#snapshot.look(() => this.#lookups.hasWallet(wallet))
  }

  async asset(assetId: string): Promise<AssetFacts | undefined> {
    return this.#snapshot.look(() => this.#lookups.asset(assetId))
  }

  async assets(query: Parameters<LedgerReads['assets']>[0]): Promise<readonly RecordedOperation[]> {
    return this.#snapshot.look(() => this.#lookups.assets(query))
  }

  async operations(query: RecordQuery): Promise<readonly RecordedOperation[]> {
    const { assetId, wallet, after, limit } = query
    return this.#snapshot.look(() => {
      if (assetId === undefined && wallet === undefined) {
        return this.#s.all.all(after, limit).map((row) => readRecorded(row))
      }
      const numbers = wallet === undefined ? this.#ofAsset(query) : this.#ofWallet(wallet, query)
      const page = numbers.sort((a, b) => a - b).slice(0, limit)
      return page.map((number) => readRecorded(this.#s.one.get(number) ?? NO_ROW))
    })
  }

  /** Block numbers of an asset's operations: its registration and its transfers. */
  #ofAsset({ assetId = '', after, limit }: RecordQuery): number[] {
    const registered = this.#lookups.registration(assetId)
    const asset = this.#assetId(assetId)
    const moved = asset === undefined ? [] : this.#s.transfers.all(asset, after, limit).map(int)
    return [...newer(registered, after), ...moved]
  }

  /** Block numbers of a wallet's operations: its registration and its balance changes, of one asset or of all. */
  #ofWallet(wallet: string, { assetId, after, limit }: RecordQuery): number[] {
    const account = TEXT_ACCOUNTS.encode(wallet)
    if (assetId === undefined) {
      const registered = this.#lookups.registeredWallet(wallet)
      return [...newer(registered, after), ...this.#trail.blocks(account, { after, limit })]
    }
    const asset = this.#assetId(assetId)
    return asset === undefined ? [] : this.#s.changes.all(account, asset, after, limit).map(int)
  }

  #assetId(assetId: string): number | undefined {
    return this.#assets.find({ standard: 'ledger', reference: assetId })?.id
  }
}

function newer(recorded: RecordedOperation | undefined, after: number): readonly number[] {
  return recorded === undefined || recorded.block.number <= after ? [] : [recorded.block.number]
}

function prepare(db: SqliteDatabase) {
  const sql = (statement: string): Statement => db.prepare(statement)
  const record = `SELECT ${RECORD_COLUMNS} FROM ${RECORD}`
  return {
    all: sql(`${record} WHERE o.number > ? ORDER BY o.number LIMIT ? + 0`).raw(),
    one: sql(`${record} WHERE o.number = ?`).raw(),
    transfers: sql('SELECT block FROM transfers WHERE asset = ? AND block > ? ORDER BY block LIMIT ? + 0').pluck(),
    changes: sql(
      "SELECT block FROM changes WHERE account = ? AND asset = ? AND item = x'' AND block > ? ORDER BY block LIMIT ? + 0",
    ).pluck(),
  }
}
