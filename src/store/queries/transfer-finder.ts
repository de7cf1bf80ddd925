import { assert } from '../../core/assert.ts'
import type { Coverage } from '../../core/coverage.ts'
import { ServiceError } from '../../core/errors.ts'
import { encodeHash } from '../../journal/hash-codec.ts'
import { int, type Row } from '../rows/columns.ts'
import { readTransfer, TRANSFER_COLUMNS } from '../rows/transfer-rows.ts'
import type { StoredTransfer } from '../seam/chain-clock.ts'
import type { TransferFilter } from '../seam/history.ts'
import type { ReadContext } from './context.ts'
import { type Named, type Query, rowOf, rowsOf, type Sql } from './query.ts'
import { sideBySide } from './side-by-side.ts'

/**
 * Most candidates that one request reads and sorts, where no index has the order of the answer: less than
 * 0.1 s. An account and a token, a token, or a block need no such reading.
 */
const MAX_CANDIDATES = 50_000

type Values = {
  readonly account: Buffer | null
  readonly from: Buffer | null
  readonly to: Buffer | null
  readonly asset: number | null
  readonly block: number | null
  readonly hash: Buffer | null
  readonly offset: number
  readonly limit: number
}

/** What was found: how many transfers, and how a page of them is read. */
type Found = { readonly count: number; readonly page: Sql; readonly named: Named }

/**
 * A page of the transfers that match a filter, newest first. Each way to find them has statements of its own. `asset`: the id
 * of the filter's asset. @throws BAD_REQUEST too many candidates
 */
export function* findTransfers(
  context: ReadContext,
  filter: TransferFilter,
  asset: number | undefined,
): Query<{ readonly count: number; readonly rows: readonly StoredTransfer[] }> {
  const { codec, clock } = context
  const { transactionHash, block = null, offset, limit } = filter
  assert(transactionHash === undefined || block !== null, 'a transaction is looked up within its block')
  const encoded = (account: string | undefined) => (account === undefined ? null : codec.encode(account))
  const [account, from, to] = [encoded(filter.account), encoded(filter.from), encoded(filter.to)]
  const hash = transactionHash === undefined ? null : encodeHash(transactionHash)
  const values: Values = { account, from, to, hash, block, asset: asset ?? null, offset, limit }
  const { count, page, named } = yield* find(values, keptParties(filter, clock.coverage).map(codec.encode))
  if (offset >= count) return { count, rows: [] }
  const found = yield [page, named]
  return { count, rows: yield* sideBySide(found.map((row) => transferOf(context, row))) }
}

/** Chooses the statement that reads the fewest rows. */
function* find(values: Values, parties: readonly Buffer[]): Query<Found> {
  const { asset, block, account, from, to } = values
  if (block !== null) return yield* counted(IN_BLOCK_SOURCE, values)
  if (account === null && from === null && to === null) {
    assert(asset !== null, 'a filter names something')
    return yield* counted(OF_ASSET_SOURCE, values)
  }
  const isAccountOnly = from === null && to === null
  if (isAccountOnly && asset !== null) return yield* counted(OF_PAIR_SOURCE, values)
  const { party, candidates } = yield* smallest(parties, asset)
  if (candidates > MAX_CANDIDATES) {
    const narrower = asset === null ? 'name a token or a block too' : 'name a block too, or only an account'
    throw new ServiceError('BAD_REQUEST', `more than ${MAX_CANDIDATES} transfers to search: ${narrower}`)
  }
  if (isAccountOnly) return { count: candidates, page: OF_ACCOUNT, named: values }
  return yield* counted(asset === null ? OF_PARTY_SOURCE : OF_PARTY_AND_ASSET_SOURCE, { ...values, party })
}

function* counted({ count, page }: Source, named: Named): Query<Found> {
  const [row] = yield [count, named]
  return { count: int(row?.[0]), page, named }
}

/** The account of the filter with the fewest transfers, and how many those are, counted up to the limit. */
function* smallest(
  parties: readonly Buffer[],
  asset: number | null,
): Query<{ readonly party: Buffer; readonly candidates: number }> {
  let least: { readonly party: Buffer; readonly candidates: number } = {
    party: NOBODY,
    candidates: parties.length === 0 ? 0 : Number.POSITIVE_INFINITY,
  }
  for (const party of parties) {
    const most = MAX_CANDIDATES + 1
    const [row] = yield asset === null ? [CANDIDATES_OF, party, most] : [CANDIDATES_OF_PAIR, party, asset, most]
    const candidates = int(row?.[0])
    if (candidates < least.candidates) least = { party, candidates }
  }
  return least
}

function* transferOf({ codec, assets }: ReadContext, row: Row): Query<StoredTransfer> {
  return readTransfer(row, { codec, asset: (yield* assets.byId(int(row[10]))).asset })
}

/** No account: nothing is found. */
const NOBODY = Buffer.alloc(0)

/** The accounts of the filter whose transfers are stored by account. In scope `accounts` those are the listed ones. */
function keptParties({ account, from, to }: TransferFilter, coverage: Coverage | undefined): readonly string[] {
  const scope = coverage?.scope
  const isKept = (party: string): boolean => scope?.type !== 'accounts' || scope.accounts.includes(party)
  return [account, from, to].filter((party) => party !== undefined).filter(isKept)
}

/**
 * The sides of a transfer. `IS NULL` on a value costs nothing, and the index is chosen by the other conditions. It comes last:
 * PostgreSQL learns the type of a value where it is compared.
 */
const SIDES = `(t.sender = @account OR t.receiver = @account OR @account IS NULL)
  AND (t.sender = @from OR @from IS NULL) AND (t.receiver = @to OR @to IS NULL)`
/** CROSS JOIN fixes the order of the join, so that no statistics can change the plan. */
const OF_CHANGES = 'changes c CROSS JOIN transfers t ON t.block = c.block AND t.log = c.log AND t.sub = c.sub'
const OF_PARTY = `${OF_CHANGES} WHERE c.account = @party AND c.item = x'' AND ${SIDES}`
const OF_PARTY_AND_ASSET = `${OF_CHANGES} WHERE c.account = @party AND c.asset = @asset AND c.item = x'' AND ${SIDES}`
const IN_BLOCK = `transfers t WHERE t.block = @block AND (t.asset = @asset OR @asset IS NULL)
  AND (t.hash = @hash OR @hash IS NULL) AND ${SIDES}`
const OF_PAIR = "changes c WHERE c.account = @account AND c.asset = @asset AND c.item = x''"

/** Looks up only the rows of the page. Rows before it are skipped among the keys. `table`: the alias with the keys. */
function pageOf(table: 'c' | 't', from: string): string {
  const [key, newestFirst] = [
    `${table}.block, ${table}.log, ${table}.sub`,
    `${table}.block DESC, ${table}.log DESC, ${table}.sub DESC`,
  ]
  return `SELECT ${TRANSFER_COLUMNS}, t.asset
    FROM (SELECT ${key} FROM ${from} ORDER BY ${newestFirst} LIMIT @limit + 0 OFFSET @offset + 0) k
    CROSS JOIN transfers t ON t.block = k.block AND t.log = k.log AND t.sub = k.sub
    CROSS JOIN blocks b ON b.number = t.block ORDER BY k.block DESC, k.log DESC, k.sub DESC`
}

/** The statements, by name, so that a test can check that no plan scans a table. */
export const TRANSFER_STATEMENTS = {
  inBlockCount: `SELECT count(*) FROM ${IN_BLOCK}`,
  inBlockPage: pageOf('t', IN_BLOCK),
  ofAssetCount: 'SELECT transfers FROM assets WHERE id = @asset',
  ofAssetPage: pageOf('t', 'transfers t WHERE t.asset = @asset'),
  ofPairCount: `SELECT count(*) FROM ${OF_PAIR}`,
  ofPairPage: pageOf('c', OF_PAIR),
  candidatesOf: "SELECT count(*) FROM (SELECT 1 FROM changes WHERE account = ? AND item = x'' LIMIT ? + 0) k",
  candidatesOfPair:
    "SELECT count(*) FROM (SELECT 1 FROM changes WHERE account = ? AND asset = ? AND item = x'' LIMIT ? + 0) k",
  ofAccount: pageOf('c', "changes c WHERE c.account = @account AND c.item = x''"),
  ofPartyCount: `SELECT count(*) FROM ${OF_PARTY}`,
  ofPartyPage: pageOf('c', OF_PARTY),
  ofPartyAndAssetCount: `SELECT count(*) FROM ${OF_PARTY_AND_ASSET}`,
  ofPartyAndAssetPage: pageOf('c', OF_PARTY_AND_ASSET),
}

/** How many transfers match, and a page of them. */
type Source = { readonly count: Sql; readonly page: Sql }

const S = TRANSFER_STATEMENTS
const IN_BLOCK_SOURCE: Source = { count: rowOf(S.inBlockCount), page: rowsOf(S.inBlockPage) }
const OF_ASSET_SOURCE: Source = { count: rowOf(S.ofAssetCount), page: rowsOf(S.ofAssetPage) }
const OF_PAIR_SOURCE: Source = { count: rowOf(S.ofPairCount), page: rowsOf(S.ofPairPage) }
const OF_PARTY_SOURCE: Source = { count: rowOf(S.ofPartyCount), page: rowsOf(S.ofPartyPage) }
const OF_PARTY_AND_ASSET_SOURCE: Source = { count: rowOf(S.ofPartyAndAssetCount), page: rowsOf(S.ofPartyAndAssetPage) }
const OF_ACCOUNT = rowsOf(S.ofAccount)
const CANDIDATES_OF = rowOf(S.candidatesOf)
const CANDIDATES_OF_PAIR = rowOf(S.candidatesOfPair)
