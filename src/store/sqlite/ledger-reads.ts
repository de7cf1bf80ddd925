import { TEXT_ACCOUNTS } from '../../core/account.ts'
import type { Header } from '../../core/block.ts'
import type { RecordedOperation } from '../../core/operation.ts'
import type { AssetFacts, LedgerReads, RecordQuery } from '../ledger-store.ts'
import type { Row, SqliteDatabase, Statement } from './database.ts'
import { LedgerLookups } from './ledger-lookups.ts'
import { RECORD, RECORD_COLUMNS, readRecorded } from './ledger-rows.ts'
import type { Snapshot } from './snapshot.ts'

/** The read side of a ledger, through the connection and in the snapshots of its chain's reads. */
export class SqliteLedgerReads implements LedgerReads {
  readonly #snapshot: Snapshot
  readonly #lookups: LedgerLookups
  readonly #s: ReturnType<typeof prepare>

  constructor(db: SqliteDatabase, snapshot: Snapshot) {
    this.#snapshot = snapshot
    this.#lookups = new LedgerLookups(db)
    this.#s = prepare(db)
  }

  renew(): void {
    this.#snapshot.renew()
  }

  async header(number: number): Promise<Header | undefined> {
    return this.#snapshot.read(() => this.#lookups.header(number))
  }

  async hasWallet(wallet: string): Promise<boolean> {
    return this.#snapshot.read(() => this.#lookups.hasWallet(wallet))
  }

  async asset(assetId: string): Promise<AssetFacts | undefined> {
    return this.#snapshot.read(() => this.#lookups.asset(assetId))
  }

  async assets(): Promise<readonly RecordedOperation[]> {
    return this.#snapshot.read(() => this.#lookups.assets())
  }

  async operations({ assetId, wallet, after, limit }: RecordQuery): Promise<readonly RecordedOperation[]> {
    return this.#snapshot.read(() => {
      const account = wallet === undefined ? undefined : TEXT_ACCOUNTS.encode(wallet)
      const rows =
        account !== undefined
          ? this.#s.ofWallet.all({ account, asset: assetId ?? null, after, limit })
          : assetId !== undefined
            ? this.#s.ofAsset.all(assetId, after, limit)
            : this.#s.all.all(after, limit)
      return rows.map((row) => readRecorded(row as Row))
    })
  }
}

function prepare(db: SqliteDatabase) {
  const sql = (statement: string): Statement => db.prepare<unknown[]>(statement)
  const record = `SELECT ${RECORD_COLUMNS} FROM ${RECORD}`
  // Each side has an index in the record's order: both are read no further than the page needs, and merged.
  const side = (column: string): string =>
    `SELECT number FROM (SELECT number FROM ledger_operations WHERE ${column} = @account AND number > @after
     AND (@asset IS NULL OR asset = @asset) ORDER BY number LIMIT @limit)`
  return {
    all: sql(`${record} WHERE o.number > ? ORDER BY o.number LIMIT ?`).raw(),
    ofAsset: sql(`${record} WHERE o.asset = ? AND o.number > ? ORDER BY o.number LIMIT ?`).raw(),
    ofWallet: sql(
      `${record} WHERE o.number IN (${side('sender')} UNION ${side('receiver')}) ORDER BY o.number LIMIT @limit`,
    ).raw(),
  }
}
