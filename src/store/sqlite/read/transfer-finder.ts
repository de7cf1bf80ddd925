import type { AccountCodec } from '../../../core/account.ts'
import { assert } from '../../../core/assert.ts'
import type { Coverage } from '../../../core/coverage.ts'
import { ServiceError } from '../../../core/errors.ts'
import { encodeHash } from '../../../journal/hash-codec.ts'
import type { StoredTransfer } from '../../seam/chain-clock.ts'
import type { TransferFilter } from '../../seam/history.ts'
import { int, type Row, type RowStatement, type SqliteDatabase, type Statement } from '../database.ts'
import type { AssetTable } from '../rows/asset-table.ts'
import { readTransfer, TRANSFER_COLUMNS } from './transfer-rows.ts'

/**
 * Most candidates that one request reads and sorts, where no index has the order of the answer: less than
 * 0.1 s. An account and a token, a token, or a block need no such reading.
 */
const MAX_CANDIDATES = 50_000

/** What finding transfers needs. */
export type FinderDeps = { readonly codec: AccountCodec; readonly assets: AssetTable }

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

/** Pages through the transfers that match a filter, newest first. Each way to find them has statements of its own. */
export class TransferFinder {
  readonly #deps: FinderDeps
  readonly #s: ReturnType<typeof prepare>

  constructor(db: SqliteDatabase, deps: FinderDeps) {
    this.#deps = deps
    this.#s = prepare(db)
  }

  /** `asset`: the id of the filter's asset. @throws BAD_REQUEST too many candidates */
  page(
    filter: TransferFilter,
    { asset, coverage }: { readonly asset: number | undefined; readonly coverage: Coverage | undefined },
  ): { count: number; rows: StoredTransfer[] } {
    const { codec } = this.#deps
    const { transactionHash, block = null, offset, limit } = filter
    assert(transactionHash === undefined || block !== null, 'a transaction is looked up within its block')
    const encoded = (account: string | undefined) => (account === undefined ? null : codec.encode(account))
    const [account, from, to] = [encoded(filter.account), encoded(filter.from), encoded(filter.to)]
    const hash = transactionHash === undefined ? null : encodeHash(transactionHash)
    const values: Values = { account, from, to, hash, block, asset: asset ?? null, offset, limit }
    const { count, page, named } = this.#find(values, keptParties(filter, coverage).map(codec.encode))
    const rows = offset >= count ? [] : page.all(named).map((row) => this.#transfer(row))
    return { count, rows }
  }

  /** Chooses the statement that reads the fewest rows. */
  #find(values: Values, parties: readonly Buffer[]): { count: number; page: RowStatement; named: object } {
    const { asset, block, account, from, to } = values
    const counted = ({ count, page }: Source, named: object = values) => {
      return { count: int(count.get(named)), page, named }
    }
    if (block !== null) return counted(this.#s.inBlock)
    if (account === null && from === null && to === null) {
      assert(asset !== null, 'a filter names something')
      return counted(this.#s.ofAsset)
    }
    const isAccountOnly = from === null && to === null
    if (isAccountOnly && asset !== null) return counted(this.#s.ofPair)
    const { party, candidates } = this.#smallest(parties, asset)
    if (candidates > MAX_CANDIDATES) {
      const narrower = asset === null ? 'name a token or a block too' : 'name a block too, or only an account'
      throw new ServiceError('BAD_REQUEST', `more than ${MAX_CANDIDATES} transfers to search: ${narrower}`)
    }
    if (isAccountOnly) return { count: candidates, page: this.#s.ofAccount, named: values }
    return counted(asset === null ? this.#s.ofParty : this.#s.ofPartyAndAsset, { ...values, party })
  }

  /** The account of the filter with the fewest transfers, and how many those are, counted up to the limit. */
  #smallest(parties: readonly Buffer[], asset: number | null): { party: Buffer; candidates: number } {
    if (parties[0] === undefined) return { party: NOBODY, candidates: 0 }
    const counted = parties.map((party) => {
      const most = MAX_CANDIDATES + 1
      const { candidatesOf, candidatesOfPair } = this.#s
      return {
        party,
        candidates: int(asset === null ? candidatesOf.get(party, most) : candidatesOfPair.get(party, asset, most)),
      }
    })
    return counted.reduce((least, one) => (one.candidates < least.candidates ? one : least))
  }

  #transfer(row: Row): StoredTransfer {
    return readTransfer(row, { codec: this.#deps.codec, asset: this.#deps.assets.byId(int(row[10])).asset })
  }
}

/** No account: nothing is found. */
const NOBODY = Buffer.alloc(0)

/** The accounts of the filter whose transfers are stored by account. In scope `accounts` those are the listed ones. */
function keptParties({ account, from, to }: TransferFilter, coverage: Coverage | undefined): readonly string[] {
  const scope = coverage?.scope
  const isKept = (party: string): boolean => scope?.type !== 'accounts' || scope.accounts.includes(party)
  return [account, from, to].filter((party) => party !== undefined).filter(isKept)
}

/** The sides of a transfer. `IS NULL` on a value costs nothing, and the index is chosen by the other conditions. */
const SIDES = `(@account IS NULL OR t.sender = @account OR t.receiver = @account)
  AND (@from IS NULL OR t.sender = @from) AND (@to IS NULL OR t.receiver = @to)`
/** CROSS JOIN fixes the order of the join, so that no statistics can change the plan. */
const OF_CHANGES = 'changes c CROSS JOIN transfers t ON t.block = c.block AND t.log = c.log AND t.sub = c.sub'
const OF_PARTY = `${OF_CHANGES} WHERE c.account = @party AND c.item = x'' AND ${SIDES}`
const OF_PARTY_AND_ASSET = `${OF_CHANGES} WHERE c.account = @party AND c.asset = @asset AND c.item = x'' AND ${SIDES}`
const IN_BLOCK = `transfers t WHERE t.block = @block AND (@asset IS NULL OR t.asset = @asset)
  AND (@hash IS NULL OR t.hash = @hash) AND ${SIDES}`
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
  candidatesOf: "SELECT count(*) FROM (SELECT 1 FROM changes WHERE account = ? AND item = x'' LIMIT ? + 0)",
  candidatesOfPair:
    "SELECT count(*) FROM (SELECT 1 FROM changes WHERE account = ? AND asset = ? AND item = x'' LIMIT ? + 0)",
  ofAccount: pageOf('c', "changes c WHERE c.account = @account AND c.item = x''"),
  ofPartyCount: `SELECT count(*) FROM ${OF_PARTY}`,
  ofPartyPage: pageOf('c', OF_PARTY),
  ofPartyAndAssetCount: `SELECT count(*) FROM ${OF_PARTY_AND_ASSET}`,
  ofPartyAndAssetPage: pageOf('c', OF_PARTY_AND_ASSET),
}

/** How many transfers match, and a page of them. */
type Source = { readonly count: Statement; readonly page: RowStatement }

function prepare(db: SqliteDatabase) {
  const sql = (text: string): Statement => db.prepare(text)
  const source = (count: string, page: string): Source => ({ count: sql(count).pluck(), page: sql(page).raw() })
  return {
    inBlock: source(TRANSFER_STATEMENTS.inBlockCount, TRANSFER_STATEMENTS.inBlockPage),
    ofAsset: source(TRANSFER_STATEMENTS.ofAssetCount, TRANSFER_STATEMENTS.ofAssetPage),
    ofPair: source(TRANSFER_STATEMENTS.ofPairCount, TRANSFER_STATEMENTS.ofPairPage),
    candidatesOf: sql(TRANSFER_STATEMENTS.candidatesOf).pluck(),
    candidatesOfPair: sql(TRANSFER_STATEMENTS.candidatesOfPair).pluck(),
    ofAccount: sql(TRANSFER_STATEMENTS.ofAccount).raw(),
    ofParty: source(TRANSFER_STATEMENTS.ofPartyCount, TRANSFER_STATEMENTS.ofPartyPage),
    ofPartyAndAsset: source(TRANSFER_STATEMENTS.ofPartyAndAssetCount, TRANSFER_STATEMENTS.ofPartyAndAssetPage),
  }
}
