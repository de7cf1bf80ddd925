import { TEXT_ACCOUNTS } from '../../../core/account.ts'
import type { Header } from '../../../core/block.ts'
import type { RecordedOperation } from '../../../core/operation.ts'
import type { Soon } from '../../../core/soon.ts'
import { int } from '../../rows/columns.ts'
import { RECORD, RECORD_COLUMNS, readRecorded } from '../../rows/ledger-rows.ts'
import type { AssetFacts, LedgerReads, RecordQuery } from '../../seam/ledger-store.ts'
import { each, type Query, rowsOf, type Sql } from '../query.ts'
import { LedgerLookups } from './ledger-lookups.ts'

const record = `SELECT ${RECORD_COLUMNS} FROM ${RECORD}`
const ALL = rowsOf(`${record} WHERE o.number > ? ORDER BY o.number LIMIT ? + 0`)
const ONE = each(`${record} WHERE o.number = ?`, ['int'])
const REGISTRATIONS = rowsOf(`${record} WHERE o.kind = 'register_asset' AND o.serial > ? ORDER BY o.serial LIMIT ? + 0`)

/** An asset's registration and its transfers. */
const OF_ASSET = rowsOf(`${record} JOIN (
    SELECT number FROM ledger_operations WHERE kind = 'register_asset' AND asset = @asset AND number > @after
    UNION ALL
    SELECT block FROM (SELECT t.block FROM assets a CROSS JOIN transfers t ON t.asset = a.id
      WHERE a.reference = @asset AND a.standard = 'ledger' AND t.block > @after
      ORDER BY t.asset, t.block LIMIT @limit + 0) moved
  ) found ON found.number = o.number ORDER BY o.number LIMIT @limit + 0`)

/** A wallet's balance changes of one asset. */
const OF_HOLDING = rowsOf(`SELECT c.block FROM assets a
  CROSS JOIN changes c ON c.asset = a.id AND c.account = @account AND c.item = x'' AND c.block > @after
  WHERE a.reference = @asset AND a.standard = 'ledger' ORDER BY c.block LIMIT @limit + 0`)

/** A wallet's registration. */
const REGISTERED = rowsOf(
  "SELECT number FROM ledger_operations WHERE kind = 'register_wallet' AND receiver = @account AND number > @after",
)

/** Runs reads, each in one snapshot. */
export type LedgerReading = { readonly read: <T>(work: () => Query<T>) => Soon<T>; readonly renew: () => void }

/** Reads a ledger's record. */
export class StoredLedgerReads implements LedgerReads {
  readonly #engine: LedgerReading
  readonly #walletBlocks: Sql
  readonly #lookups = new LedgerLookups()

  /** `walletBlocks`: as `StoreEngine` has it. */
  constructor(engine: LedgerReading, walletBlocks: Sql) {
    this.#engine = engine
    this.#walletBlocks = walletBlocks
  }

  renew(): void {
    this.#engine.renew()
  }

  async header(number: number): Promise<Header | undefined> {
    return this.#engine.read(() => this.#lookups.header(number))
  }

  async hasWallet(wallet: string): Promise<boolean> {
    return (await this.#engine.read(() => this.#lookups.wallets([wallet]))).has(wallet)
  }

  async asset(assetId: string): Promise<AssetFacts | undefined> {
    return (await this.#engine.read(() => this.#lookups.assets([assetId]))).get(assetId)
  }

  async assets({ after, limit }: Parameters<LedgerReads['assets']>[0]): Promise<readonly RecordedOperation[]> {
    return this.#engine.read(function* () {
      return (yield [REGISTRATIONS, after, limit]).map(readRecorded)
    })
  }

  async operations(query: RecordQuery): Promise<readonly RecordedOperation[]> {
    return this.#engine.read(() => this.#operations(query))
  }

  *#operations({ assetId, wallet, after, limit }: RecordQuery): Query<readonly RecordedOperation[]> {
    if (wallet !== undefined) {
      const account = TEXT_ACCOUNTS.encode(wallet)
      if (assetId !== undefined) {
        return yield* recorded(yield [OF_HOLDING, { asset: assetId, account, after, limit }])
      }
      const registered = yield [REGISTERED, { account, after }]
      const moved = yield [this.#walletBlocks, { account, after, limit }]
      const numbers = [...registered, ...moved].sort(([a], [b]) => int(a) - int(b))
      return yield* recorded(numbers.slice(0, limit))
    }
    const rows = assetId === undefined ? yield [ALL, after, limit] : yield [OF_ASSET, { asset: assetId, after, limit }]
    return rows.map(readRecorded)
  }
}

/** The operations of rows with their numbers. */
function* recorded(numbers: readonly (readonly unknown[])[]): Query<readonly RecordedOperation[]> {
  if (numbers.length === 0) return []
  return (yield [ONE, numbers.map(([number]) => [int(number)])]).map(readRecorded)
}
