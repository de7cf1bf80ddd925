import type { AccountCodec } from '../../../core/account.ts'
import { isAmount } from '../../../core/amount.ts'
import { decodeAmount, encodeItem } from '../../../journal/amount-codec.ts'
import { decodeHash } from '../../../journal/hash-codec.ts'
import type { ChainClock, HeldBlock } from '../../seam/chain-clock.ts'
import type {
  BalanceChange,
  ChangesPage,
  ChangesQuery,
  FilteredTransfers,
  HistoryReads,
  TransferFilter,
} from '../../seam/history.ts'
import type { StoredAsset } from '../../seam/store.ts'
import { bytes, int, nullable, type Row, type SqliteDatabase, type Statement } from '../database.ts'
import type { AssetTable } from '../rows/asset-table.ts'
import { BlockBounds } from './block-bounds.ts'
import type { Snapshot } from './snapshot.ts'
import { TransferFinder } from './transfer-finder.ts'

/** What history reads need. `mayLack`: changes of the asset may be missing. */
export type HistoryDeps = {
  readonly db: SqliteDatabase
  readonly codec: AccountCodec
  readonly assets: AssetTable
  readonly snapshot: Snapshot
  readonly mayLack: (asset: StoredAsset, clock: ChainClock) => boolean
}

/** Lists over the past of one chain's file. */
export class SqliteHistory implements HistoryReads {
  readonly #deps: HistoryDeps
  readonly #bounds: BlockBounds
  readonly #finder: TransferFinder
  readonly #s: ReturnType<typeof prepare>

  constructor(deps: HistoryDeps) {
    this.#deps = deps
    this.#bounds = new BlockBounds(deps.db)
    this.#finder = new TransferFinder(deps.db, deps)
    this.#s = prepare(deps.db)
  }

  async changes(query: ChangesQuery): Promise<ChangesPage> {
    const { codec, assets, snapshot, mayLack } = this.#deps
    return snapshot.read((clock) => {
      const asset = assets.find(query.asset)
      if (asset === undefined) return { clock, rows: [], inDoubt: clock.inDoubt }
      const inDoubt = mayLack(asset, clock)
      const { first, last } = this.#bounds.of(query)
      const pair = [codec.encode(query.account), asset.id, encodeItem(query.item)]
      const rows = first > last ? [] : this.#s.changes.all(...pair, first, last, query.limit)
      const amountAfter = this.#amounts(pair, { asset, clock })
      const isCut = rows.length === query.limit
      const isLastOfBlock = (at: number): boolean =>
        at + 1 < rows.length ? rows[at + 1]?.[0] !== rows[at]?.[0] : !isCut
      const changes = rows.map((row, at) => changeOf(row, { amountAfter, isLastOfBlock: isLastOfBlock(at) }))
      return { clock, inDoubt, rows: changes }
    })
  }

  /** Returns the amount after a change: the opening of its segment plus the running sum, while that is in range. */
  #amounts(
    pair: readonly unknown[],
    { asset, clock }: { readonly asset: StoredAsset; readonly clock: ChainClock },
  ): AmountAfter {
    const { accounting, eventsUntil } = asset
    const until = accounting === 'events' ? Number.POSITIVE_INFINITY : (eventsUntil ?? 0)
    const row = this.#s.position.get(...pair)
    const isRefuted = clock.inDoubt || asset.inDoubt || this.#s.isRefuted.get(pair[1], pair[0], pair[2]) !== undefined
    const opening = nullable(row?.[0], (stored) => decodeAmount(bytes(stored)))
    // The events of a closed segment contradict themselves, so no earlier amount is proven either.
    const isClosed = nullable(row?.[1], int) !== undefined
    if (isRefuted || isClosed || opening === undefined) return () => undefined
    const since = nullable(this.#s.since.get(...pair), int) ?? 0
    return ({ block, sum, isLastOfBlock }) => {
      // A read reopened the segment at the end of block `since`, so earlier changes in that block are not proven.
      const isProven = block > since || since === 0 || (block === since && isLastOfBlock)
      if (!isProven || block >= until) return undefined
      const amount = opening + sum
      // Within a block, contracts log in any order, so a sum may be out of range until its end.
      return isAmount(amount) ? amount : undefined
    }
  }

  async transfers(filter: TransferFilter): Promise<FilteredTransfers> {
    const { assets, snapshot, mayLack } = this.#deps
    return snapshot.read((clock) => {
      const block = filter.block === undefined ? undefined : this.#heldAt(filter.block)
      const asset = filter.asset === undefined ? undefined : assets.find(filter.asset)
      if (filter.asset !== undefined && asset === undefined) {
        return { clock, block, count: 0, rows: [], inDoubt: clock.inDoubt }
      }
      const inDoubt = asset === undefined ? this.#mayLackSome(filter, clock) : mayLack(asset, clock)
      return { clock, block, ...this.#finder.page(filter, { asset: asset?.id, coverage: clock.coverage }), inDoubt }
    })
  }

  async blockAt(timestamp: number): Promise<HeldBlock | undefined> {
    return this.#deps.snapshot.read(({ published }) => {
      if (published === undefined || published.timestamp <= timestamp) return published
      const row = this.#s.blockAtTime.get(timestamp)
      return row && { number: int(row[0]), hash: decodeHash(bytes(row[1])), timestamp: int(row[2]) }
    })
  }

  #heldAt(number: number): HeldBlock | undefined {
    const row = this.#s.blockAt.get(number)
    return row && { number, hash: decodeHash(bytes(row[0])), timestamp: int(row[1]) }
  }

  /**
   * True if transfers of some token may be missing: logs are missing somewhere, or an account of the filter has a token
   * whose events do not give its balances.
   */
  #mayLackSome(filter: TransferFilter, { inDoubt, doubts }: ChainClock): boolean {
    if (inDoubt || doubts.tokens > 0 || doubts.pairs > 0) return true
    const { codec, assets } = this.#deps
    return [filter.account, filter.from, filter.to].some((party) => {
      if (party === undefined) return false
      const account = codec.encode(party)
      if (this.#s.hasOddToken.get(account) !== undefined) return true
      return assets.fixedReads().some((asset) => this.#s.position.get(account, asset.id, encodeItem('')) !== undefined)
    })
  }
}

type AmountAfter = (change: {
  readonly block: number
  readonly sum: bigint
  readonly isLastOfBlock: boolean
}) => bigint | undefined

function changeOf(
  row: Row,
  { amountAfter, isLastOfBlock }: { readonly amountAfter: AmountAfter; readonly isLastOfBlock: boolean },
): BalanceChange {
  const number = int(row[0])
  return {
    block: { number, hash: decodeHash(bytes(row[3])), timestamp: int(row[4]) },
    event: int(row[1]),
    amount: amountAfter({ block: number, sum: decodeAmount(bytes(row[2])), isLastOfBlock }),
  }
}

/** The statements that list, by name, so that a test can check that no plan scans a table. */
export const HISTORY_STATEMENTS = {
  /** The rows of one event are one change. With max(), SQLite takes the other columns from that same row. */
  changes: `SELECT k.block, k.log, k.sum, b.hash, b.timestamp FROM (
      SELECT block, log, sum, max(sub) FROM changes
      WHERE account = ? AND asset = ? AND item = ? AND block BETWEEN ? AND ?
      GROUP BY block, log ORDER BY block, log LIMIT ? + 0
    ) k CROSS JOIN blocks b ON b.number = k.block ORDER BY k.block, k.log`,
  /** A token of the account that was reclassified or destroyed, or that has a balance which contradicts its events. */
  oddToken: `SELECT 1 FROM balances b WHERE account = ? AND item = x'' AND (
      EXISTS (SELECT 1 FROM turns t WHERE t.asset = b.asset)
      OR EXISTS (SELECT 1 FROM endings e WHERE e.asset = b.asset)
      OR EXISTS (SELECT 1 FROM doubts d WHERE d.asset = b.asset)
    ) LIMIT 1`,
}

function prepare(db: SqliteDatabase) {
  const sql = (text: string): Statement => db.prepare(text)
  return {
    changes: sql(HISTORY_STATEMENTS.changes).raw(),
    position: sql('SELECT opening, closed_block FROM balances WHERE account = ? AND asset = ? AND item = ?').raw(),
    since: sql(
      'SELECT since FROM openings WHERE account = ? AND asset = ? AND item = ? ORDER BY block DESC LIMIT 1',
    ).pluck(),
    isRefuted: sql('SELECT 1 FROM refuted_pairs WHERE asset = ? AND account = ? AND item = ?').pluck(),
    blockAtTime: sql(
      `SELECT number, hash, timestamp FROM blocks WHERE timestamp <= ?
       ORDER BY timestamp DESC, number DESC LIMIT 1`,
    ).raw(),
    blockAt: sql('SELECT hash, timestamp FROM blocks WHERE number = ?').raw(),
    hasOddToken: sql(HISTORY_STATEMENTS.oddToken).pluck(),
  }
}
