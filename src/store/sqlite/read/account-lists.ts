import type { AccountCodec } from '../../../core/account.ts'
import { assert } from '../../../core/assert.ts'
import type { AssetRef } from '../../../core/asset.ts'
import { isFungible, TOKEN_STANDARDS } from '../../../core/standards.ts'
import { amountOfHex, encodeItem } from '../../../journal/amount-codec.ts'
import type { AccountPage, AccountQuery, StoredAsset, StoredBalance } from '../../seam/store.ts'
import { int, type Row, text } from '../database.ts'
import type { AssetTable } from '../rows/asset-table.ts'
import type { PositionReader } from './position-reader.ts'
import { MAX_WHOLE, type ReadStatements } from './read-statements.ts'
import type { Snapshot } from './snapshot.ts'

/** The dependencies of `AccountLists`. */
export type AccountListDeps = {
  readonly codec: AccountCodec
  readonly assets: AssetTable
  readonly statements: ReadStatements
  readonly snapshot: Snapshot
  readonly positions: PositionReader
}

/** The account of a list. `pair`: the key of its positions as it is stored, without the asset. */
type Listed = { readonly account: string; readonly pair: { readonly account: Buffer; readonly item: Buffer } }

const NO_ITEM_BYTES = encodeItem('')

/** Pages through the assets of an account. */
export class AccountLists {
  readonly #codec: AccountCodec
  readonly #assets: AssetTable
  readonly #statements: ReadStatements
  readonly #snapshot: Snapshot
  readonly #positions: PositionReader
  #endings: boolean | undefined

  constructor({ codec, assets, statements, snapshot, positions }: AccountListDeps) {
    this.#codec = codec
    this.#assets = assets
    this.#statements = statements
    this.#snapshot = snapshot
    this.#positions = positions
    snapshot.onClassesChange(() => {
      this.#endings = undefined
    })
  }

  /** As `ChainReads.account`. */
  page(query: AccountQuery): AccountPage {
    return this.#snapshot.read((clock) => {
      const account = this.#codec.encode(query.account)
      const block = this.#positions.heldAt(query.asOf, clock)
      const inDoubt = this.#positions.mayLack(account, clock)
      if (this.#positions.hides(query.account))
        return { clock, block, count: 0, rows: [], inDoubt, mayLackTokens: false }
      const { rows, count } = this.#rows(account, query)
      const isOfAccounts = clock.coverage?.scope.type === 'accounts'
      const mayLackTokens = isOfAccounts && this.#statements.lacksTokens.get(account) !== undefined
      return { clock, block, count, rows, inDoubt, mayLackTokens }
    })
  }

  /** The rows of a page, and the number of all matching rows. */
  #rows(account: Buffer, query: AccountQuery): Pick<AccountPage, 'rows' | 'count'> {
    const fungibleOnly = onlyFungible(query)
    const { asOf, assets, limit, offset } = query
    if (assets !== undefined) return this.#listed(account, query, assets)
    const pick = query.receivedOnly ? 'received' : fungibleOnly ? 'fungible' : 'all'
    if (asOf !== undefined) {
      const { count, ids } = this.#statements.past[pick]
      const rows = ids.all({ account, asOf, limit, offset }).map((id) => this.#pastRow(query.account, int(id), asOf))
      return { count: int(count.get({ account, asOf })), rows }
    }
    const counted = this.#statements.count[pick].get(account)
    const present = this.#hasEndings() ? this.#statements.present[pick] : undefined
    const gone = present === undefined || counted === undefined ? 0 : int(present.gone.get(account))
    const count = counted === undefined ? 0 : int(counted) - gone
    if (count === 0 || offset >= count) return { count, rows: [] }
    const of: Listed = { account: query.account, pair: { account, item: NO_ITEM_BYTES } }
    const whole = gone === 0 && count <= MAX_WHOLE ? this.#statements.whole[pick].get({ account }) : null
    if (typeof whole === 'string') {
      const page = whole.split(',').slice(offset, offset + limit)
      return { count, rows: page.map((entry) => this.#entryRow(of, entry)) }
    }
    const page = gone === 0 || present === undefined ? this.#statements.page[pick] : present.page
    return { count, rows: page.all(account, limit, offset).map((row) => this.#pageRow(of, row)) }
  }

  /** Pages through the listed assets that the account has met. */
  #listed(account: Buffer, query: AccountQuery, listed: readonly AssetRef[]): Pick<AccountPage, 'rows' | 'count'> {
    const { metPosition } = this.#statements
    const met = listed.flatMap((wanted) => {
      const asset = query.standards.includes(wanted.standard) ? this.#assets.find(wanted) : undefined
      const row = asset === undefined ? undefined : metPosition.get(account, asset.id)
      const isThere = asset !== undefined && !isGoneAt(asset, query.asOf)
      return row === undefined || !isThere || !wasMet(row, query) ? [] : [row]
    })
    met.sort((a, b) => int(a[2]) - int(b[2]) || int(a[3]) - int(b[3]) || int(a[4]) - int(b[4]))
    const rows = met.slice(query.offset, query.offset + query.limit)
    const { asOf } = query
    const rowOf = (row: Row) =>
      asOf === undefined
        ? this.#pageRow({ account: query.account, pair: { account, item: NO_ITEM_BYTES } }, row)
        : this.#pastRow(query.account, int(row[0]), asOf)
    return { count: met.length, rows: rows.map(rowOf) }
  }

  #pastRow(account: string, id: number, asOf: number): StoredBalance & { readonly asset: StoredAsset } {
    const asset = this.#assets.byId(id)
    const row = this.#positions.balance({ account, asset: asset.asset, item: '' }, asOf)
    return { assetId: id, account, item: '', amount: row?.amount, inDoubt: row?.inDoubt ?? false, asset }
  }

  /** The row of an entry of a whole list: an asset's id and the hex of an amount. */
  #entryRow(of: Listed, entry: string): AccountPage['rows'][number] {
    const space = entry.indexOf(' ')
    return this.#accountRow(of, Number(entry.slice(0, space)), entry.slice(space + 1))
  }

  /** A row that begins with an asset's id and the hex of an amount. */
  #pageRow(of: Listed, row: Row): AccountPage['rows'][number] {
    return this.#accountRow(of, int(row[0]), text(row[1]))
  }

  #accountRow({ account, pair }: Listed, id: number, hex: string): AccountPage['rows'][number] {
    const asset = this.#assets.byId(id)
    const inDoubt = this.#positions.isRefuted(asset, pair)
    return { assetId: id, account, item: '', amount: inDoubt ? undefined : amountOfHex(hex), inDoubt, asset }
  }

  /** True if any contract was ever destroyed. Usually none was, and lists then skip the extra queries. */
  #hasEndings(): boolean {
    this.#endings ??= this.#statements.hasEndings.get() !== undefined
    return this.#endings
  }
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
