import type { AccountCodec } from '../../../core/account.ts'
import { type AssetRef, NO_ITEM } from '../../../core/asset.ts'
import type { BalanceKey } from '../../../core/balance.ts'
import { isFungible } from '../../../core/standards.ts'
import { decodeAmount, encodeItem } from '../../../journal/amount-codec.ts'
import type { StoredTransfer } from '../../seam/chain-clock.ts'
import type { PairReads, PairSince } from '../../seam/pairs.ts'
import { bytes, int, nullable, type SqliteDatabase, type Statement } from '../database.ts'
import type { AssetTable } from '../rows/asset-table.ts'
import type { PositionReader } from './position-reader.ts'
import type { Snapshot } from './snapshot.ts'
import { readTransfer, TRANSFER_COLUMNS } from './transfer-rows.ts'

/** The dependencies of `SqlitePairs`. */
export type PairReaderDeps = {
  readonly db: SqliteDatabase
  readonly codec: AccountCodec
  readonly assets: AssetTable
  readonly snapshot: Snapshot
  readonly positions: PositionReader
}

const NOTHING: PairSince = { atBlock: 0n, least: undefined, changedAt: undefined }

/** Reads of one chain's file for lists of pairs of account and asset. */
export class SqlitePairs implements PairReads {
  readonly #deps: PairReaderDeps
  readonly #s: ReturnType<typeof prepare>

  constructor(deps: PairReaderDeps) {
    this.#deps = deps
    this.#s = prepare(deps.db)
  }

  async since(keys: readonly BalanceKey[], block: number): Promise<readonly PairSince[]> {
    return this.#deps.snapshot.read(() => keys.map((key) => this.#since(key, block)))
  }

  #since(key: BalanceKey, block: number): PairSince {
    const { assets, codec, positions } = this.#deps
    const asset = assets.find(key.asset)
    if (asset === undefined) return NOTHING
    const pair = [codec.encode(key.account), asset.id, encodeItem(key.item)]
    const row = this.#s.position.get(...pair)
    if (row === undefined || positions.hides(key.account)) return NOTHING
    const changedAt = nullable(this.#s.timeOf.get(int(row[2])), int)
    const opening = nullable(row[0], (stored) => decodeAmount(bytes(stored)))
    if (opening === undefined || row[1] !== null) return { atBlock: undefined, least: undefined, changedAt }
    const since = nullable(this.#s.since.get(...pair), int) ?? 0
    const amount = nullable(row[3], (stored) => decodeAmount(bytes(stored)))
    // Mostly nothing happened since the block.
    const isSame = int(row[2]) <= block && since <= block
    if (isSame && amount !== undefined) return { atBlock: amount, least: undefined, changedAt }
    const before = positions.balance(key, block)
    // Without a row by that block, the account had not met the asset.
    const atBlock = before === undefined ? 0n : before.amount
    if (since > block) return { atBlock, least: undefined, changedAt }
    const sum = nullable(this.#s.least.get(...pair, block), (stored) => decodeAmount(bytes(stored)))
    return { atBlock, least: sum === undefined ? undefined : opening + sum, changedAt }
  }

  async met({ after, through, limit }: Parameters<PairReads['met']>[0]): ReturnType<PairReads['met']> {
    const { snapshot, codec, assets } = this.#deps
    return snapshot.read(() => {
      const rows = this.#s.met.all(after, through, limit + 1)
      if (rows.length > limit) return undefined
      return rows.flatMap(([sender, receiver, id]) => {
        const { asset } = assets.byId(int(id))
        if (!isFungible(asset.standard)) return []
        const sides = [sender, receiver].flatMap(
          (side) => nullable(side, (stored) => codec.decode(bytes(stored))) ?? [],
        )
        return sides.map((account) => ({ account, asset }))
      })
    })
  }

  async transfers(query: Parameters<PairReads['transfers']>[0]): Promise<readonly StoredTransfer[]> {
    const { snapshot, codec, assets, positions } = this.#deps
    return snapshot.read(() => {
      const asset = assets.find(query.asset)
      if (asset === undefined || positions.hides(query.account)) return []
      const pair = [codec.encode(query.account), asset.id, encodeItem(NO_ITEM)]
      const [place, end] = 'after' in query ? [query.after, BEGINNING] : [query.before, END]
      const { block, event, part } = place ?? end
      const statement = 'after' in query ? this.#s.later : this.#s.earlier
      return statement
        .all(...pair, block, event, part, query.limit)
        .map((row) => readTransfer(row, { codec, asset: asset.asset satisfies AssetRef }))
    })
  }
}

const BEGINNING = { block: -1, event: 0, part: 0 }
const END = { block: Number.MAX_SAFE_INTEGER, event: 0, part: 0 }

/** The statements of pairs, by name, so that a test can check that no plan scans a table. */
export const PAIR_STATEMENTS = {
  met: 'SELECT sender, receiver, asset FROM transfers WHERE block > ? AND block <= ? LIMIT ? + 0',
  least: 'SELECT min(sum) FROM changes WHERE account = ? AND asset = ? AND item = ? AND block > ?',
  later: transfersOf('>', 'ASC'),
  earlier: transfersOf('<', 'DESC'),
}

function transfersOf(side: '<' | '>', order: 'ASC' | 'DESC'): string {
  const by = (alias: string) => ['block', 'log', 'sub'].map((column) => `${alias}.${column} ${order}`).join(', ')
  return `SELECT ${TRANSFER_COLUMNS} FROM (
      SELECT c.block, c.log, c.sub FROM changes c
      WHERE c.account = ? AND c.asset = ? AND c.item = ? AND (c.block, c.log, c.sub) ${side} (?, ?, ?)
      ORDER BY ${by('c')} LIMIT ? + 0
    ) k CROSS JOIN transfers t ON t.block = k.block AND t.log = k.log AND t.sub = k.sub
    CROSS JOIN blocks b ON b.number = t.block ORDER BY ${by('k')}`
}

function prepare(db: SqliteDatabase) {
  const sql = (statement: string): Statement => db.prepare(statement)
  return {
    position: sql(
      'SELECT opening, closed_block, last_block, amount FROM balances WHERE account = ? AND asset = ? AND item = ?',
    ).raw(),
    since: sql(
      'SELECT since FROM openings WHERE account = ? AND asset = ? AND item = ? ORDER BY block DESC LIMIT 1',
    ).pluck(),
    timeOf: sql('SELECT timestamp FROM blocks WHERE number = ?').pluck(),
    least: sql(PAIR_STATEMENTS.least).pluck(),
    met: sql(PAIR_STATEMENTS.met).raw(),
    later: sql(PAIR_STATEMENTS.later).raw(),
    earlier: sql(PAIR_STATEMENTS.earlier).raw(),
  }
}
