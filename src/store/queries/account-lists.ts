import { assert } from '../../core/assert.ts'
import type { AssetRef } from '../../core/asset.ts'
import { isFungible, TOKEN_STANDARDS } from '../../core/standards.ts'
import { encodeItem } from '../../journal/amount-codec.ts'
import { int, NO_ROW, type Row } from '../rows/columns.ts'
import type { AccountPage, AccountQuery, StoredAsset } from '../seam/store.ts'
import { hides, type ReadContext } from './context.ts'
import { amountIn, balance, heldAt, isRefuted, mayBeRefuted, mayLack } from './positions.ts'
import { type Query, rowOf, rowsOf, type Sql } from './query.ts'
import { sideBySide } from './side-by-side.ts'

const PAGE = "SELECT asset, hex(amount) FROM balances WHERE account = ? AND item = x''"
const AS_MET = 'ORDER BY met_block, met_log, met_sub'
const ORDER = `${AS_MET} LIMIT ? + 0 OFFSET ? + 0`
const PAST_ORDER = `${AS_MET} LIMIT @limit + 0 OFFSET @offset + 0`
/**
 * True if a row's contract ended, and so. Each row looks its asset up: an account has few of the chain's contracts that ended. The offset
 * keeps PostgreSQL from joining all of them.
 */
function hasEnded(so: string): string {
  return `EXISTS (SELECT 1 FROM endings e WHERE e.asset = balances.asset AND ${so} LIMIT 1 OFFSET 0)`
}

const IS_GONE = hasEnded('e.again IS NULL')

/** Most rows of an account that a whole list reads, those of items too: about 30 µs. */
export const MAX_WHOLE = 100

/** Which assets of an account are listed: those that it received, the fungible ones, or all. */
type Which = 'received' | 'fungible' | 'all'
const PRESENT: Readonly<Record<Which, string>> = {
  received: 'fungible = 1 AND received_block IS NOT NULL',
  fungible: 'fungible = 1',
  all: 'true',
}
const PAST: Readonly<Record<Which, string>> = {
  received: 'fungible = 1 AND received_block <= @asOf',
  fungible: 'fungible = 1 AND met_block <= @asOf',
  all: 'met_block <= @asOf',
}

function ofEach<T>(make: (which: Which) => T): Readonly<Record<Which, T>> {
  return { received: make('received'), fungible: make('fungible'), all: make('all') }
}

const COUNT: Readonly<Record<Which, string>> = {
  received: 'SELECT received FROM accounts WHERE account = @account',
  fungible: "SELECT count(*) FROM balances WHERE account = @account AND item = x'' AND fungible = 1",
  all: 'SELECT assets FROM accounts WHERE account = @account',
}
const GONE = ofEach(
  (which) =>
    `SELECT count(*) FROM balances WHERE account = @account AND item = x'' AND ${PRESENT[which]} AND ${IS_GONE}`,
)

/**
 * The count of the assets that an account met (null if it met none), of how many of them the contract has no code, and all of them in
 * order, as one text: `id hex(amount)` with commas between. The text is null if there are none, or if the account has more rows than
 * MAX_WHOLE. It reads the account's rows one after the other, where a page looks up each row by the index of the order, and it returns
 * one value instead of two for each row: half the time of a page.
 */
function wholeOf(which: Which, gone: string): Sql {
  const list = `SELECT group_concat(asset || ' ' || hex(amount), ',' ORDER BY met_block, met_log, met_sub)
    FROM balances WHERE account = @account AND length(item) = 0 AND ${PRESENT[which]}`
  const more = `SELECT 1 FROM balances WHERE account = @account LIMIT 1 OFFSET ${MAX_WHOLE}`
  return rowOf(`SELECT (${COUNT[which]}), (${gone}), CASE WHEN EXISTS (${more}) THEN NULL ELSE (${list}) END`)
}

const WHOLE = {
  /** Where no contract was ever destroyed. */
  withoutEndings: ofEach((which) => wholeOf(which, 'SELECT 0')),
  withEndings: ofEach((which) => wholeOf(which, GONE[which])),
}
const PAGES = ofEach((which) => rowsOf(`${PAGE} AND ${PRESENT[which]} ${ORDER}`))

/** The same pages without assets whose contract has no code. */
const PRESENT_PAGES = ofEach((which) => rowsOf(`${PAGE} AND ${PRESENT[which]} AND NOT ${IS_GONE} ${ORDER}`))
const HAS_ENDINGS = rowOf('SELECT 1 FROM endings LIMIT 1')

/** The assets that an account had met by a block: their count, and a page of their ids. */
const PAST_PAGES = ofEach((which) => {
  const ended = hasEnded('e.block <= @asOf AND (e.again IS NULL OR e.again > @asOf)')
  const from = `FROM balances WHERE account = @account AND item = x'' AND ${PAST[which]} AND NOT ${ended}`
  return { count: rowOf(`SELECT count(*) ${from}`), ids: rowsOf(`SELECT asset ${from} ${PAST_ORDER}`) }
})

const MET_POSITION = rowOf(
  `SELECT asset, hex(amount), met_block, met_log, met_sub, received_block FROM balances
   WHERE account = ? AND asset = ? AND item = x''`,
)
/** Transfers of the account may be missing that no lead reveals. */
const LACKS_TOKENS = rowOf('SELECT 1 FROM followed WHERE account = ? AND known_through < (SELECT number FROM clock)')

/** The account of a list. `pair`: the key of its positions as it is stored, without the asset. */
type Listed = { readonly account: string; readonly pair: { readonly account: Buffer; readonly item: Buffer } }
type ListRow = AccountPage['rows'][number]

const NO_ITEM_BYTES = encodeItem('')

/** As `ChainReads.account`. */
export function* accountPage(context: ReadContext, query: AccountQuery): Query<AccountPage> {
  const { clock, codec } = context
  const account = codec.encode(query.account)
  const block = yield* heldAt(context, query.asOf)
  const inDoubt = yield* mayLack(context, account)
  if (hides(context, query.account)) return { clock, block, count: 0, rows: [], inDoubt, mayLackTokens: false }
  const { rows, count } = yield* rowsOfPage(context, account, query)
  const isOfAccounts = clock.coverage?.scope.type === 'accounts'
  const mayLackTokens = isOfAccounts && (yield [LACKS_TOKENS, account]).length > 0
  return { clock, block, count, rows, inDoubt, mayLackTokens }
}

/** The rows of a page, and the number of all matching rows. */
function* rowsOfPage(
  context: ReadContext,
  account: Buffer,
  query: AccountQuery,
): Query<{ readonly rows: readonly ListRow[]; readonly count: number }> {
  const fungibleOnly = onlyFungible(query)
  const { asOf, assets, limit, offset } = query
  if (assets !== undefined) return yield* listed(context, { account, assets }, query)
  const which = query.receivedOnly ? 'received' : fungibleOnly ? 'fungible' : 'all'
  if (asOf !== undefined) {
    const { count, ids } = PAST_PAGES[which]
    const [counted] = yield [count, { account, asOf }]
    const found = yield [ids, { account, asOf, limit, offset }]
    const rows = found.map(([id]) => pastRow(context, { account: query.account, id: int(id) }, asOf))
    return { count: int(counted?.[0]), rows: yield* sideBySide(rows) }
  }
  const statement = WHOLE[(yield* hasEndings(context)) ? 'withEndings' : 'withoutEndings'][which]
  const [[counted, ended, whole] = NO_ROW] = yield [statement, { account }]
  const gone = int(ended)
  const count = counted === null ? 0 : int(counted) - gone
  if (count === 0 || offset >= count) return { count, rows: [] }
  const of: Listed = { account: query.account, pair: { account, item: NO_ITEM_BYTES } }
  const page = gone === 0 ? PAGES[which] : PRESENT_PAGES[which]
  const found =
    gone === 0 && typeof whole === 'string'
      ? whole
          .split(',')
          .slice(offset, offset + limit)
          .map(entryRow)
      : yield [page, account, limit, offset]
  const rows: ListRow[] = []
  for (const row of found) {
    const quick = quickRow(context, of, row)
    if (quick !== undefined) rows.push(quick)
    else return { count, rows: yield* sideBySide(found.map((one) => accountRow(context, of, one))) }
  }
  return { count, rows }
}

/** A row of an entry of a whole list. */
function entryRow(entry: string): Row {
  const space = entry.indexOf(' ')
  return [Number(entry.slice(0, space)), entry.slice(space + 1)]
}

/** Pages through the listed assets that the account has met. */
function* listed(
  context: ReadContext,
  { account, assets }: { readonly account: Buffer; readonly assets: readonly AssetRef[] },
  query: AccountQuery,
): Query<{ readonly rows: readonly ListRow[]; readonly count: number }> {
  const wanted = assets.filter(({ standard }) => query.standards.includes(standard))
  const met = (yield* sideBySide(wanted.map((asset) => metRow(context, { account, asset }, query)))).flat()
  met.sort((a, b) => int(a[2]) - int(b[2]) || int(a[3]) - int(b[3]) || int(a[4]) - int(b[4]))
  const { asOf } = query
  const of: Listed = { account: query.account, pair: { account, item: NO_ITEM_BYTES } }
  const rows = met
    .slice(query.offset, query.offset + query.limit)
    .map((row) =>
      asOf === undefined
        ? accountRow(context, of, row)
        : pastRow(context, { account: query.account, id: int(row[0]) }, asOf),
    )
  return { count: met.length, rows: yield* sideBySide(rows) }
}

/** The account's row of an asset; none if the query does not include it. */
function* metRow(
  { assets }: ReadContext,
  { account, asset }: { readonly account: Buffer; readonly asset: AssetRef },
  query: AccountQuery,
): Query<readonly Row[]> {
  const stored = yield* assets.find(asset)
  if (stored === undefined || isGoneAt(stored, query.asOf)) return []
  const [row] = yield [MET_POSITION, account, stored.id]
  return row !== undefined && wasMet(row, query) ? [row] : []
}

function* pastRow(
  context: ReadContext,
  { account, id }: { readonly account: string; readonly id: number },
  asOf: number,
): Query<ListRow> {
  const asset = yield* context.assets.byId(id)
  const row = yield* balance(context, { account, asset: asset.asset, item: '' }, asOf)
  return { assetId: id, account, item: '', amount: row?.amount, inDoubt: row?.inDoubt ?? false, asset }
}

/** As `accountRow`, if nothing must be read for it, as for most rows: a generator for each of them would cost a tenth of a list. */
function quickRow(context: ReadContext, { account }: Listed, [id, hex]: Row): ListRow | undefined {
  const asset = context.assets.known(int(id))
  if (asset === undefined || mayBeRefuted(context, asset)) return undefined
  return { assetId: asset.id, account, item: '', amount: amountIn(hex), inDoubt: false, asset }
}

/** A row that begins with an asset's id and the hex of an amount. */
function* accountRow(context: ReadContext, { account, pair }: Listed, [of, hex]: Row): Query<ListRow> {
  const id = int(of)
  const asset = yield* context.assets.byId(id)
  const inDoubt = mayBeRefuted(context, asset) && (yield* isRefuted(context, asset, pair))
  return { assetId: id, account, item: '', amount: inDoubt ? undefined : amountIn(hex), inDoubt, asset }
}

/** True if any contract was ever destroyed. Usually none was, and lists then skip the extra queries. */
function* hasEndings(context: ReadContext): Query<boolean> {
  context.hasEndings ??= (yield [HAS_ENDINGS]).length > 0
  return context.hasEndings
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

const NFT_STANDARDS = TOKEN_STANDARDS.filter((standard) => !isFungible(standard))

/** True if the query wants only fungible assets. No caller uses other subsets of the standards yet. */
function onlyFungible(query: AccountQuery): boolean {
  const wanted = NFT_STANDARDS.filter((standard) => query.standards.includes(standard)).length
  const withNfts = wanted === NFT_STANDARDS.length
  assert(withNfts || wanted === 0, 'a list has all NFT standards or none')
  assert(!(withNfts && query.receivedOnly), 'received assets are counted for fungible assets only')
  return !withNfts
}
