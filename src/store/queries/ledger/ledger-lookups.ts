import { TEXT_ACCOUNTS } from '../../../core/account.ts'
import { assert } from '../../../core/assert.ts'
import type { Header } from '../../../core/block.ts'
import type { Idempotency, RecordedOperation } from '../../../core/operation.ts'
import { decodeAmount } from '../../../journal/amount-codec.ts'
import { bytes, int, NO_ROW, type Row, text } from '../../rows/columns.ts'
import { HEADER_COLUMNS, readHeader } from '../../rows/header-rows.ts'
import { RECORD, RECORD_COLUMNS, readRecorded } from '../../rows/ledger-rows.ts'
import type { AssetFacts, Holding, KeyFacts, LedgerFacts, LedgerHead, LedgerNeeds } from '../../seam/ledger-store.ts'
import { type Each, each, type Query, rowOf, type Value } from '../query.ts'

/**
 * Most registrations kept in memory, and most known wallets. Past this, the cache is cleared. About 30 MB with typical
 * names; 120 MB if all ids and names have the greatest length.
 */
const MAX_REMEMBERED = 50_000

const record = `SELECT ${RECORD_COLUMNS} FROM ${RECORD}`
/** How many columns RECORD_COLUMNS has. */
const RECORD_WIDTH = RECORD_COLUMNS.split(',').length

const HEAD = rowOf(`SELECT ${HEADER_COLUMNS}, assets, wallets, mints, moves FROM clock JOIN ledger USING (one)`)
const HEADER = rowOf(`SELECT ${HEADER_COLUMNS} FROM blocks WHERE number = ?`)
const ASSET = each(`${record} WHERE o.kind = 'register_asset' AND o.asset = ?`, ['text'])
const SUPPLY = each("SELECT supply FROM assets WHERE reference = ? AND standard = 'ledger'", ['text'])
const WALLET = each(`${record} WHERE o.kind = 'register_wallet' AND o.receiver = ?`, ['bytes'])
const ACCOUNT = each('SELECT 1 FROM accounts WHERE account = ?', ['bytes'])
const BALANCE = each(
  `SELECT b.amount FROM assets a CROSS JOIN balances b ON b.asset = a.id AND b.item = x''
    WHERE a.reference = ? AND a.standard = 'ledger' AND b.account = ?`,
  ['text', 'bytes'],
)
const KEY = each(keyIn('ledger_keys'), ['text', 'text'])
const REPEAT = each(keyIn('ledger_repeats'), ['text', 'text'])

function keyIn(table: string): string {
  return `SELECT ${RECORD_COLUMNS}, used.fingerprint FROM ${RECORD} JOIN ${table} used ON used.number = o.number
    WHERE used.scope = ? AND used.key = ?`
}

/**
 * Looks up facts of a ledger, many with one statement. Caches facts that never change: registrations, and that a wallet
 * exists. So `facts` must be read before its transaction writes: what is remembered is committed.
 */
export class LedgerLookups {
  readonly #registrations = new Map<string, RecordedOperation>()
  readonly #wallets = new Set<string>();

  /** The newest block, and the counts of operations. */
  *head(): Query<LedgerHead> {
    const [row] = yield [HEAD]
    assert(row !== undefined, 'an opened ledger has a head')
    const [assets = 0, wallets = 0, mints = 0, moves = 0] = row.slice(4).map(int)
    return { header: readHeader(row), counts: { assets, wallets, mints, moves } }
  }

  *header(number: number): Query<Header | undefined> {
    const [row] = yield [HEADER, number]
    return row && readHeader(row)
  }

  /** The registrations of those of the assets that are registered. */
  *registrations(assetIds: readonly string[]): Query<ReadonlyMap<string, RecordedOperation>> {
    const unknown = assetIds.filter((assetId) => !this.#registrations.has(assetId))
    const read = unknown.length === 0 ? new Map<string, Row>() : yield* found(ASSET, unknown, (assetId) => [assetId])
    const registrations = new Map<string, RecordedOperation>()
    for (const assetId of assetIds) {
      const known = this.#registrations.get(assetId)
      const row = read.get(assetId)
      if (known !== undefined) registrations.set(assetId, known)
      else if (row !== undefined) registrations.set(assetId, readRecorded(row))
    }
    if (this.#registrations.size + read.size > MAX_REMEMBERED) this.#registrations.clear()
    for (const [assetId, recorded] of registrations) this.#registrations.set(assetId, recorded)
    return registrations
  }

  /** Registered assets by id. */
  *assets(assetIds: readonly string[]): Query<ReadonlyMap<string, AssetFacts>> {
    const registrations = yield* this.registrations(assetIds)
    // An asset has a row in the chain's table from its first transfer, which is a mint.
    const supplies = yield* this.supplies([...registrations.keys()])
    return mapped(registrations, (registration, assetId) => {
      return { registration, minted: supplies.has(assetId), supply: supplies.get(assetId) ?? 0n }
    })
  }

  /** The supplies of those of the assets that were minted. */
  *supplies(assetIds: readonly string[]): Query<ReadonlyMap<string, bigint>> {
    return mapped(yield* found(SUPPLY, assetIds, (assetId) => [assetId]), ([supply]) => decodeAmount(bytes(supply)))
  }

  /** Those of the wallets that are registered or took part in an operation. */
  *wallets(wallets: readonly string[]): Query<ReadonlySet<string>> {
    const unknown = wallets.filter((wallet) => !this.#wallets.has(wallet))
    const accounts = yield* found(ACCOUNT, unknown, accountOf)
    const others = unknown.filter((wallet) => !accounts.has(wallet))
    const registered = yield* found(WALLET, others, accountOf)
    const exist = wallets.filter(
      (wallet) => this.#wallets.has(wallet) || accounts.has(wallet) || registered.has(wallet),
    )
    if (this.#wallets.size + unknown.length > MAX_REMEMBERED) this.#wallets.clear()
    for (const wallet of exist) this.#wallets.add(wallet)
    return new Set(exist)
  }

  /** Whole tokens by `holdingName`; a holding that is missing has none. */
  *holdings(holdings: readonly Holding[]): Query<ReadonlyMap<string, bigint>> {
    const names = new Map(holdings.map((holding) => [holdingName(holding), holding]))
    const keyOf = (name: string): readonly Value[] => {
      const { assetId = '', wallet = '' } = names.get(name) ?? {}
      return [assetId, TEXT_ACCOUNTS.encode(wallet)]
    }
    return mapped(yield* found(BALANCE, [...names.keys()], keyOf), ([amount]) => decodeAmount(bytes(amount)))
  }

  /** All facts for a decision. */
  *facts(needs: LedgerNeeds): Query<LedgerFacts> {
    const head = yield* this.head()
    const assets = yield* this.assets(needs.assets)
    const wallets = yield* this.wallets(needs.wallets)
    const registered = mapped(yield* found(WALLET, needs.registeredWallets, accountOf), readRecorded)
    const holdings = yield* this.holdings(needs.holdings)
    const asked = new Set(needs.holdings.map(holdingName))
    const keys = yield* keyFacts(needs.keys)
    return {
      head,
      asset: (assetId) => assets.get(assetId),
      knowsWallet: (wallet) => wallets.has(wallet),
      registeredWallet: (wallet) => registered.get(wallet),
      balance: (holding) => {
        const name = holdingName(holding)
        return asked.has(name) ? (holdings.get(name) ?? 0n) : undefined
      },
      key: (key) => keys.get(keyName(key)),
    }
  }
}

function* keyFacts(keys: readonly Idempotency[]): Query<ReadonlyMap<string, KeyFacts>> {
  const names = new Map(keys.map((key) => [keyName(key), key]))
  const keyOf = (name: string): readonly Value[] => {
    const { scope = '', key = '' } = names.get(name) ?? {}
    return [scope, key]
  }
  const factsOf = (row: Row, created: boolean): KeyFacts => {
    return { fingerprint: text(row[RECORD_WIDTH]), recorded: readRecorded(row), created }
  }
  const made = mapped(yield* found(KEY, [...names.keys()], keyOf), (row) => factsOf(row, true))
  const others = [...names.keys()].filter((name) => !made.has(name))
  const repeated = mapped(yield* found(REPEAT, others, keyOf), (row) => factsOf(row, false))
  return new Map([...repeated, ...made])
}

/** The rows that are there, by name. `keyOf`: the values with which the row of a name is found. */
function* found(
  statement: Each,
  names: readonly string[],
  keyOf: (name: string) => readonly Value[],
): Query<ReadonlyMap<string, Row>> {
  const rows = new Map<string, Row>()
  if (names.length === 0) return rows
  const answered = yield [statement, names.map(keyOf)]
  for (const [at, name] of names.entries()) {
    const row = answered[at] ?? NO_ROW
    if (row.length > 0) rows.set(name, row)
  }
  return rows
}

function mapped<T, U>(values: ReadonlyMap<string, T>, of: (value: T, name: string) => U): ReadonlyMap<string, U> {
  return new Map([...values].map(([name, value]) => [name, of(value, name)]))
}

function accountOf(wallet: string): readonly Value[] {
  return [TEXT_ACCOUNTS.encode(wallet)]
}

/** The name of a holding in a map. Ids contain no control characters, so names are unique. */
export function holdingName({ wallet, assetId }: Holding): string {
  return `${wallet}\0${assetId}`
}

function keyName({ scope, key }: Idempotency): string {
  return `${scope}\0${key}`
}
