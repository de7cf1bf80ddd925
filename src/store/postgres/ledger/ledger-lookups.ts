import { TEXT_ACCOUNTS } from '../../../core/account.ts'
import { assert } from '../../../core/assert.ts'
import type { Idempotency, RecordedOperation } from '../../../core/operation.ts'
import { decodeAmount } from '../../../journal/amount-codec.ts'
import { bytes, int, NO_ROW, text } from '../../rows/columns.ts'
import { readHeader } from '../../rows/header-rows.ts'
import { RECORD, RECORD_COLUMNS, readRecorded } from '../../rows/ledger-rows.ts'
import type { AssetFacts, Holding, KeyFacts, LedgerFacts, LedgerHead, LedgerNeeds } from '../../seam/ledger-store.ts'
import type { Queries } from '../database.ts'

/** How many columns RECORD_COLUMNS has. */
const RECORD_WIDTH = 12

const record = `SELECT ${RECORD_COLUMNS} FROM ${RECORD}`

const HEAD = `SELECT c.number, c.hash, c.parent, c.timestamp, l.assets, l.wallets, l.mints, l.moves
  FROM clock c JOIN ledger l ON l.one = c.one`
const ASSETS = `SELECT ${RECORD_COLUMNS}, a.supply FROM ${RECORD}
  LEFT JOIN assets a ON a.reference = o.asset AND a.standard = 'ledger'
  WHERE o.kind = 'register_asset' AND o.asset = ANY(?)`
const WALLETS = `SELECT account FROM accounts WHERE account = ANY(?)
  UNION SELECT receiver FROM ledger_operations WHERE kind = 'register_wallet' AND receiver = ANY(?)`
const REGISTERED = `${record} WHERE o.kind = 'register_wallet' AND o.receiver = ANY(?)`
const BALANCES = `SELECT b.account, a.reference, b.amount FROM unnest(?::bytea[], ?::text[]) AS k (account, reference)
  JOIN assets a ON a.reference = k.reference AND a.standard = 'ledger'
  JOIN balances b ON b.account = k.account AND b.asset = a.id AND b.item = ''::bytea`

function keysIn(table: string): string {
  return `SELECT ${RECORD_COLUMNS}, k.fingerprint, k.scope, k.key FROM unnest(?::text[], ?::text[]) AS w (scope, key)
    JOIN ${table} k ON k.scope = w.scope AND k.key = w.key
    JOIN ledger_operations o ON o.number = k.number JOIN blocks b ON b.number = o.number`
}
const KEYS = keysIn('ledger_keys')
const REPEATS = keysIn('ledger_repeats')

/** The newest block, and the counts of operations. */
export async function readHead(queries: Queries): Promise<LedgerHead> {
  const row = await queries.get(HEAD)
  assert(row !== undefined, 'an opened ledger has a head')
  const [assets = 0, wallets = 0, mints = 0, moves = 0] = row.slice(4).map(int)
  return { header: readHeader(row), counts: { assets, wallets, mints, moves } }
}

/** Registered assets by id. */
export async function readAssets(
  queries: Queries,
  assetIds: readonly string[],
): Promise<ReadonlyMap<string, AssetFacts>> {
  const rows = assetIds.length === 0 ? [] : await queries.all(ASSETS, assetIds)
  return new Map(
    rows.map((row) => {
      // An asset has a row in the chain's table from its first transfer, which is a mint.
      const [registration, supply] = [readRecorded(row), row[RECORD_WIDTH]]
      const minted = supply !== null
      return [text(row[5]), { registration, minted, supply: minted ? decodeAmount(bytes(supply)) : 0n }]
    }),
  )
}

/** Those of the wallets that are registered or took part in an operation. */
export async function readWallets(queries: Queries, wallets: readonly string[]): Promise<ReadonlySet<string>> {
  if (wallets.length === 0) return new Set()
  const accounts = wallets.map(TEXT_ACCOUNTS.encode)
  return new Set((await queries.all(WALLETS, accounts, accounts)).map((row) => TEXT_ACCOUNTS.decode(bytes(row[0]))))
}

/** Whole tokens by `holdingName`; a holding that is missing has none. */
export async function readHoldings(
  queries: Queries,
  holdings: readonly Holding[],
): Promise<ReadonlyMap<string, bigint>> {
  if (holdings.length === 0) return new Map()
  const accounts = holdings.map(({ wallet }) => TEXT_ACCOUNTS.encode(wallet))
  const rows = await queries.all(
    BALANCES,
    accounts,
    holdings.map(({ assetId }) => assetId),
  )
  return new Map(
    rows.map((row) => {
      const holding = { wallet: TEXT_ACCOUNTS.decode(bytes(row[0])), assetId: text(row[1]) }
      return [holdingName(holding), decodeAmount(bytes(row[2]))]
    }),
  )
}

/** The name of a holding in a map. Ids contain no control characters, so names are unique. */
export function holdingName({ wallet, assetId }: Holding): string {
  return `${wallet}\0${assetId}`
}

/** Reads all facts for a decision. Each kind of fact is one statement. */
export async function readFacts(queries: Queries, needs: LedgerNeeds): Promise<LedgerFacts> {
  const head = await readHead(queries)
  const assets = await readAssets(queries, needs.assets)
  const wallets = await readWallets(queries, needs.wallets)
  const registered = await readRegistered(queries, needs.registeredWallets)
  const holdings = await readHoldings(queries, needs.holdings)
  const asked = new Set(needs.holdings.map(holdingName))
  const keys = await readKeys(queries, needs.keys)
  return {
    head,
    asset: (assetId) => assets.get(assetId),
    knowsWallet: (wallet) => wallets.has(wallet),
    registeredWallet: (wallet) => registered.get(wallet),
    balance: (holding) => {
      const name = holdingName(holding)
      return asked.has(name) ? (holdings.get(name) ?? 0n) : undefined
    },
    key: ({ scope, key }) => keys.get(`${scope}\0${key}`),
  }
}

async function readRegistered(
  queries: Queries,
  wallets: readonly string[],
): Promise<ReadonlyMap<string, RecordedOperation>> {
  const rows = wallets.length === 0 ? [] : await queries.all(REGISTERED, wallets.map(TEXT_ACCOUNTS.encode))
  return new Map(rows.map((row) => [TEXT_ACCOUNTS.decode(bytes(row[7] ?? NO_ROW[0])), readRecorded(row)]))
}

async function readKeys(queries: Queries, keys: readonly Idempotency[]): Promise<ReadonlyMap<string, KeyFacts>> {
  if (keys.length === 0) return new Map()
  const wanted = [keys.map(({ scope }) => scope), keys.map(({ key }) => key)] as const
  const found = new Map<string, KeyFacts>()
  for (const [sql, created] of [
    [REPEATS, false],
    [KEYS, true],
  ] as const) {
    for (const row of await queries.all(sql, ...wanted)) {
      const [fingerprint, scope, key] = row.slice(RECORD_WIDTH).map(text)
      found.set(`${scope}\0${key}`, { fingerprint: fingerprint ?? '', recorded: readRecorded(row), created })
    }
  }
  return found
}
