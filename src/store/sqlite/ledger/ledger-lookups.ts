import { TEXT_ACCOUNTS } from '../../../core/account.ts'
import { assert } from '../../../core/assert.ts'
import type { Header } from '../../../core/block.ts'
import type { Idempotency, RecordedOperation } from '../../../core/operation.ts'
import { decodeAmount } from '../../../journal/amount-codec.ts'
import { HEADER_COLUMNS, readHeader } from '../../rows/header-rows.ts'
import { RECORD, RECORD_COLUMNS, readRecorded } from '../../rows/ledger-rows.ts'
import type { AssetFacts, Holding, KeyFacts, LedgerHead } from '../../seam/ledger-store.ts'
import { bytes, int, type SqliteDatabase, type Statement, text } from '../database.ts'
import type { SqliteAssets } from '../rows/assets.ts'

/**
 * Most registrations kept in memory, and most known wallets. Past this, the cache is cleared. About 30 MB with typical
 * names; 120 MB if all ids and names have the greatest length.
 */
const MAX_REMEMBERED = 50_000

/**
 * Looks up single facts of a ledger on one connection, in whichever transaction is open. Caches facts that never
 * change: registrations, and that a wallet exists.
 */
export class LedgerLookups {
  readonly #s: ReturnType<typeof prepare>
  readonly #assets: SqliteAssets
  readonly #registrations = new Map<string, RecordedOperation>()
  readonly #wallets = new Set<string>()

  /** `assets`: the chain's asset table on the same connection. */
  constructor(db: SqliteDatabase, assets: SqliteAssets) {
    this.#assets = assets
    this.#s = prepare(db)
  }

  registration(assetId: string): RecordedOperation | undefined {
    const known = this.#registrations.get(assetId)
    if (known !== undefined) return known
    const row = this.#s.asset.get(assetId)
    if (row === undefined) return undefined
    const recorded = readRecorded(row)
    if (this.#registrations.size >= MAX_REMEMBERED) this.#registrations.clear()
    this.#registrations.set(assetId, recorded)
    return recorded
  }

  asset(assetId: string): AssetFacts | undefined {
    const registration = this.registration(assetId)
    if (registration === undefined) return undefined
    // An asset has a row in the chain's table from its first transfer, which is a mint.
    const asset = this.#assets.find({ standard: 'ledger', reference: assetId })
    if (asset === undefined) return { registration, minted: false, supply: 0n }
    return { registration, minted: true, supply: decodeAmount(bytes(this.#s.supply.get(asset.id))) }
  }

  hasWallet(wallet: string): boolean {
    if (this.#wallets.has(wallet)) return true
    const account = TEXT_ACCOUNTS.encode(wallet)
    if (this.#s.account.get(account) === undefined && this.#s.wallet.get(account) === undefined) return false
    if (this.#wallets.size >= MAX_REMEMBERED) this.#wallets.clear()
    this.#wallets.add(wallet)
    return true
  }

  registeredWallet(wallet: string): RecordedOperation | undefined {
    const row = this.#s.wallet.get(TEXT_ACCOUNTS.encode(wallet))
    return row === undefined ? undefined : readRecorded(row)
  }

  balance({ wallet, assetId }: Holding): bigint {
    const asset = this.#assets.find({ standard: 'ledger', reference: assetId })
    const amount = asset === undefined ? undefined : this.#s.balance.get(TEXT_ACCOUNTS.encode(wallet), asset.id)
    return amount === undefined ? 0n : decodeAmount(bytes(amount))
  }

  key({ scope, key }: Idempotency): KeyFacts | undefined {
    const made = this.#s.key.get(scope, key)
    const row = made ?? this.#s.repeat.get(scope, key)
    if (row === undefined) return undefined
    return { fingerprint: text(row[12]), recorded: readRecorded(row), created: made !== undefined }
  }

  header(number: number): Header | undefined {
    const row = this.#s.header.get(number)
    return row === undefined ? undefined : readHeader(row)
  }

  assets({ after, limit }: { readonly after: number; readonly limit: number }): readonly RecordedOperation[] {
    return this.#s.assets.all(after, limit).map((row) => readRecorded(row))
  }

  /** Clears facts that were cached in a transaction that was rolled back. */
  forget(): void {
    this.#registrations.clear()
    this.#wallets.clear()
  }

  /** The newest block, and the counts of operations. */
  head(): LedgerHead {
    const row = this.#s.head.get()
    assert(row !== undefined, 'an opened ledger has a head')
    const [assets, wallets, mints, moves] = row.slice(4).map(int)
    assert(
      assets !== undefined && wallets !== undefined && mints !== undefined && moves !== undefined,
      'every series has a count',
    )
    return { header: readHeader(row), counts: { assets, wallets, mints, moves } }
  }
}

function prepare(db: SqliteDatabase) {
  const sql = (statement: string): Statement => db.prepare(statement)
  const record = `SELECT ${RECORD_COLUMNS} FROM ${RECORD}`
  return {
    asset: sql(`${record} WHERE o.kind = 'register_asset' AND o.asset = ?`).raw(),
    assets: sql(`${record} WHERE o.kind = 'register_asset' AND o.serial > ? ORDER BY o.serial LIMIT ? + 0`).raw(),
    wallet: sql(`${record} WHERE o.kind = 'register_wallet' AND o.receiver = ?`).raw(),
    supply: sql('SELECT supply FROM assets WHERE id = ?').pluck(),
    account: sql('SELECT 1 FROM accounts WHERE account = ?').pluck(),
    balance: sql("SELECT amount FROM balances WHERE account = ? AND asset = ? AND item = x''").pluck(),
    key: sql(keyIn('ledger_keys')).raw(),
    repeat: sql(keyIn('ledger_repeats')).raw(),
    header: sql(`SELECT ${HEADER_COLUMNS} FROM blocks WHERE number = ?`).raw(),
    head: sql(`SELECT ${HEADER_COLUMNS}, assets, wallets, mints, moves FROM clock JOIN ledger USING (one)`).raw(),
  }
}

function keyIn(table: string): string {
  return `SELECT ${RECORD_COLUMNS}, k.fingerprint FROM ${RECORD} JOIN ${table} k ON k.number = o.number
    WHERE k.scope = ? AND k.key = ?`
}
