import { TEXT_ACCOUNTS } from '../../../core/account.ts'
import type { Header } from '../../../core/block.ts'
import type { RecordedOperation } from '../../../core/operation.ts'
import { HEADER_COLUMNS, readHeader } from '../../rows/header-rows.ts'
import { RECORD, RECORD_COLUMNS, readRecorded } from '../../rows/ledger-rows.ts'
import type { AssetFacts, LedgerReads, RecordQuery } from '../../seam/ledger-store.ts'
import type { PostgresDatabase } from '../database.ts'
import { readAssets, readWallets } from './ledger-lookups.ts'

const record = `SELECT ${RECORD_COLUMNS} FROM ${RECORD}`
const HEADER = `SELECT ${HEADER_COLUMNS} FROM blocks WHERE number = ?`
const REGISTRATIONS = `${record} WHERE o.kind = 'register_asset' AND o.serial > ? ORDER BY o.serial LIMIT ?`
const ALL = `${record} WHERE o.number > ? ORDER BY o.number LIMIT ?`

/** An asset's registration and its transfers. */
const OF_ASSET = `${record} JOIN (
    (SELECT number FROM ledger_operations WHERE kind = 'register_asset' AND asset = ? AND number > ?)
    UNION ALL
    (SELECT t.block FROM assets a JOIN transfers t ON t.asset = a.id
      WHERE a.reference = ? AND a.standard = 'ledger' AND t.block > ? ORDER BY t.asset, t.block LIMIT ?)
  ) found ON found.number = o.number ORDER BY o.number LIMIT ?`

/** A wallet's balance changes of one asset. */
const OF_HOLDING = `${record} JOIN assets a ON a.reference = ? AND a.standard = 'ledger'
  JOIN changes c ON c.account = ? AND c.asset = a.id AND c.item = ''::bytea AND c.block = o.number
  WHERE c.block > ? ORDER BY c.block LIMIT ?`

/**
 * A wallet's registration and its balance changes. The next changes of each asset are read in the order of the key, so no
 * index by wallet and block is written with each operation.
 */
const OF_WALLET = `${record} JOIN (
    (SELECT number FROM ledger_operations WHERE kind = 'register_wallet' AND receiver = ? AND number > ?)
    UNION ALL
    (SELECT n.block FROM balances h CROSS JOIN LATERAL (
      SELECT c.block FROM changes c WHERE c.account = h.account AND c.asset = h.asset AND c.item = ''::bytea
        AND c.block > ? ORDER BY c.block LIMIT ?
    ) n WHERE h.account = ? AND h.item = ''::bytea AND h.last_block > ? ORDER BY n.block LIMIT ?)
  ) found ON found.number = o.number ORDER BY o.number LIMIT ?`

/** Reads a ledger's record. Each method is one statement, so one snapshot. */
export class PostgresLedgerReads implements LedgerReads {
  readonly #db: PostgresDatabase

  constructor(db: PostgresDatabase) {
    this.#db = db
  }

  /** Nothing to do: every statement sees what is committed when it begins. */
  renew(): void {}

  async header(number: number): Promise<Header | undefined> {
    const row = await this.#db.get(HEADER, number)
    return this.#db.read(() => row && readHeader(row))
  }

  async hasWallet(wallet: string): Promise<boolean> {
    return this.#db.guarded(async () => (await readWallets(this.#db, [wallet])).has(wallet))
  }

  async asset(assetId: string): Promise<AssetFacts | undefined> {
    return this.#db.guarded(async () => (await readAssets(this.#db, [assetId])).get(assetId))
  }

  async assets({ after, limit }: Parameters<LedgerReads['assets']>[0]): Promise<readonly RecordedOperation[]> {
    const rows = await this.#db.all(REGISTRATIONS, after, limit)
    return this.#db.read(() => rows.map(readRecorded))
  }

  async operations(query: RecordQuery): Promise<readonly RecordedOperation[]> {
    const rows = await this.#select(query)
    return this.#db.read(() => rows.map(readRecorded))
  }

  #select({ assetId, wallet, after, limit }: RecordQuery) {
    if (wallet !== undefined) {
      const account = TEXT_ACCOUNTS.encode(wallet)
      if (assetId !== undefined) return this.#db.all(OF_HOLDING, assetId, account, after, limit)
      return this.#db.all(OF_WALLET, account, after, after, limit, account, after, limit, limit)
    }
    if (assetId === undefined) return this.#db.all(ALL, after, limit)
    return this.#db.all(OF_ASSET, assetId, after, assetId, after, limit, limit)
  }
}
