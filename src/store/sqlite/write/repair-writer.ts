import type { AccountCodec } from '../../../core/account.ts'
import type { BlockRef } from '../../../core/block.ts'
import { isFungible } from '../../../core/standards.ts'
import type { BlockTransfers, Transfer } from '../../../core/transfer.ts'
import type { RepairMode } from '../../seam/store.ts'
import { bytes, int, nullable, type Row, type SqliteDatabase, type Statement } from '../database.ts'
import { decodeAmount, encodeAmount, encodeItem } from '../rows/amount-codec.ts'
import type { AssetTable } from '../rows/asset-table.ts'
import { encodeHash } from '../rows/hash-codec.ts'
import { type Position, REST_OF_BLOCK } from '../rows/position.ts'
import type { DoubtWriter } from './doubt-writer.ts'
import type { HintWriter } from './hint-writer.ts'
import { Meetings } from './meetings.ts'
import { PAIR, type PairKey, type PairWriter, pairName, pairValues } from './pair-writer.ts'
import type { Segments } from './segments.ts'
import { decodeSupplyDelta } from './supply.ts'

/** Rows of a pair that are rewritten at a time. Bounds the memory for pairs with many rows. */
const ROWS_AT_ONCE = 5_000
const NO_ITEM_BYTES = Buffer.alloc(0)

/** A transfer as its row: log, sub, asset, sender, receiver, item, amount, hash. */
type StoredRow = readonly [number, number, number, Buffer | null, Buffer | null, Buffer, Buffer, Buffer]

/** A pair, and the first block in which its changes differ now. */
type Touched = { readonly key: PairKey; from: number }

/** The dependencies of a `RepairWriter`. */
export type RepairDeps = {
  readonly assets: AssetTable
  readonly pairs: PairWriter
  readonly segments: Segments
  readonly codec: AccountCodec
  readonly hints: HintWriter
  readonly keeps: (account: string) => boolean
  readonly doubts: DoubtWriter
}

/**
 * Replaces the transfers of past blocks, and recomputes everything that follows from them: running sums, amounts,
 * lists, holders, counts, supply. Runs inside the journal's transaction. Cost: the changes of the affected pairs from
 * those blocks on.
 */
export class RepairWriter {
  readonly #deps: RepairDeps
  readonly #meetings: Meetings
  readonly #s: ReturnType<typeof prepare>

  constructor(db: SqliteDatabase, deps: RepairDeps) {
    this.#deps = deps
    this.#meetings = new Meetings(db)
    this.#s = prepare(db)
  }

  /**
   * Replaces the transfers of blocks of ours. Returns how many were added and removed. Tokens whose transfers changed
   * are in doubt from then on.
   */
  replace(
    blocks: readonly BlockTransfers[],
    how?: RepairMode,
  ): { inserted: number; removed: number; changed: readonly BlockRef[] } {
    const { doubts } = this.#deps
    const touched = new Map<string, Touched>()
    const changed: BlockRef[] = []
    const wereMet = new Map<number, boolean>()
    let [inserted, removed] = [0, 0]
    for (const block of blocks) {
      const stored = this.#s.transfersAt.all(block.number).map(readRow)
      const wanted = block.transfers.map((transfer) => this.#encode(transfer))
      const missing = without(wanted, stored)
      const positions = new Set(missing.map(logPosition))
      // If the given logs may be incomplete, remove a stored transfer only if another one has its position.
      const surplus = without(stored, wanted).filter((row) => how === undefined || positions.has(logPosition(row)))
      if (missing.length + surplus.length > 0) changed.push({ number: block.number, hash: block.hash })
      for (const [, , asset] of [...surplus, ...missing]) {
        if (!wereMet.has(asset)) wereMet.set(asset, this.#isMet(asset))
      }
      for (const row of surplus) this.#remove(row, block.number, touched)
      if (missing.length > 0) {
        this.#s.keepBlock.run(block.number, encodeHash(block.hash), block.timestamp)
        for (const row of missing) this.#insert(row, block.number, touched)
      }
      doubts.lack(this.#lacking(surplus, missing), block)
      if (wanted.length === 0 && surplus.length > 0 && surplus.length === stored.length)
        this.#s.unkeepBlock.run(block.number)
      inserted += missing.length
      removed += surplus.length
    }
    this.#deps.hints.note(blocks)
    for (const { key, from } of touched.values()) this.#rewrite(key, from)
    // Hints count only while transfers show that the contract is a token, so recompute their pairs if that changed.
    for (const [asset, wasMet] of wereMet) if (this.#isMet(asset) !== wasMet) this.#deps.hints.remeet(asset)
    if (how === 'redecoded') {
      this.#deps.hints.redecoded(blocks, (asset) => this.#s.remeetAsset.run(asset))
      doubts.redecoded()
    }
    return { inserted, removed, changed }
  }

  /**
   * The assets of which logs were missing or wrong. Not those of one contract that is known by reads, as the replaced
   * transfer and as the new one: its log is only read in another way.
   */
  #lacking(removed: readonly StoredRow[], added: readonly StoredRow[]): ReadonlySet<number> {
    const { assets } = this.#deps
    const before = new Map(removed.map((row) => [logPosition(row), row[2]]))
    const reread = new Set<string>()
    for (const row of added) {
      const id = before.get(logPosition(row))
      if (id === undefined || id === row[2]) continue
      const [old, now] = [assets.byId(id), assets.byId(row[2])]
      const areRead = old.accounting === 'reads' && now.accounting === 'reads'
      if (areRead && old.asset.reference === now.asset.reference) reread.add(logPosition(row))
    }
    return new Set([...removed, ...added].flatMap((row) => (reread.has(logPosition(row)) ? [] : [row[2]])))
  }

  #isMet(asset: number): boolean {
    return this.#s.firstBlock.get(asset) !== null
  }

  #encode(transfer: Transfer): StoredRow {
    const { assets, codec } = this.#deps
    const asset = assets.find(transfer.asset) ?? assets.add(transfer.asset, undefined)
    const side = (account: string | undefined) => (account === undefined ? null : codec.encode(account))
    return [
      transfer.event,
      transfer.part,
      asset.id,
      side(transfer.from),
      side(transfer.to),
      encodeItem(transfer.item),
      encodeAmount(transfer.amount),
      encodeHash(transfer.transactionHash),
    ]
  }

  #insert(row: StoredRow, block: number, touched: Map<string, Touched>): void {
    this.#s.insertTransfer.run(block, ...row)
    this.#s.countAsset.run(1, row[2])
    this.#s.meetAsset.run(block, block, row[2])
    this.#deps.pairs.addSupply(row[2], decodeSupplyDelta(row[3], row[4], row[6]))
    for (const { key, delta } of this.#sides(row)) {
      this.#s.insertChange.run(...pairValues(key), block, row[0], row[1], encodeAmount(delta), encodeAmount(0n))
      touch(touched, key, block)
    }
  }

  #remove(row: StoredRow, block: number, touched: Map<string, Touched>): void {
    this.#s.dropTransfer.run(block, row[0], row[1])
    this.#s.countAsset.run(-1, row[2])
    this.#s.remeetAsset.run(row[2])
    this.#deps.pairs.addSupply(row[2], -decodeSupplyDelta(row[3], row[4], row[6]))
    for (const { key } of this.#sides(row)) {
      this.#s.dropChange.run(...pairValues(key), block, row[0], row[1])
      touch(touched, key, block)
    }
  }

  /** The balance changes of a transfer, row by row as `ChangeWriter` makes them. */
  #sides([, , asset, sender, receiver, item, amount]: StoredRow): { key: PairKey; delta: bigint }[] {
    const { assets, codec, keeps } = this.#deps
    const fungible = isFungible(assets.byId(asset).asset.standard)
    const moved = decodeAmount(amount)
    const own = sender !== null && receiver !== null && sender.equals(receiver)
    const sides = own
      ? [{ account: sender, delta: 0n }]
      : [
          { account: sender, delta: -moved },
          { account: receiver, delta: moved },
        ]
    const items = fungible ? [NO_ITEM_BYTES] : [NO_ITEM_BYTES, item]
    return sides.flatMap(({ account, delta }) =>
      account === null || !keeps(codec.decode(account))
        ? []
        : items.map((one) => ({ key: { account, asset, item: one, fungible }, delta })),
    )
  }

  /** Recomputes a pair's running sums from a block on, and its row. */
  #rewrite(key: PairKey, from: number): void {
    const { pairs, segments } = this.#deps
    const before = pairs.read(key)
    const { sum, lastBlock } = this.#resum(key, from)
    // `recompute` comes first: it deletes reads that are no longer needed, and neither the meeting nor `received` may use
    // those.
    const segment = segments.recompute(key)
    const meeting = this.#meetings.of(key)
    if (meeting === undefined) {
      pairs.write(key, before, undefined)
      return
    }
    const { fungible } = key
    const after: Position = { sum, ...segment, ...meeting, lastBlock: lastBlock ?? meeting.metBlock, fungible }
    pairs.write(key, before, after)
  }

  #resum(key: PairKey, from: number): { sum: bigint; lastBlock: number | undefined } {
    let sum = this.#deps.segments.sumAt(key, from - 1)
    let cursor: [number, number, number] = [from - 1, REST_OF_BLOCK, REST_OF_BLOCK]
    for (;;) {
      const rows = this.#s.changesAfter.all(...pairValues(key), ...cursor, ROWS_AT_ONCE)
      for (const row of rows) {
        cursor = [int(row[0]), int(row[1]), int(row[2])]
        sum += decodeAmount(bytes(row[3]))
        const encoded = encodeAmount(sum)
        if (!encoded.equals(bytes(row[4]))) this.#s.setSum.run(encoded, ...pairValues(key), ...cursor)
      }
      if (rows.length < ROWS_AT_ONCE) break
    }
    return { sum, lastBlock: nullable(this.#s.lastBlock.get(...pairValues(key)), int) }
  }
}

function touch(touched: Map<string, Touched>, key: PairKey, block: number): void {
  const name = pairName(key)
  const known = touched.get(name)
  if (known === undefined) touched.set(name, { key, from: block })
  else known.from = Math.min(known.from, block)
}

/** The rows of one list that are not in the other. All columns are compared. */
function without(rows: readonly StoredRow[], others: readonly StoredRow[]): StoredRow[] {
  const names = new Set(others.map(nameOf))
  return rows.filter((row) => !names.has(nameOf(row)))
}

function logPosition([log, sub]: StoredRow): string {
  return `${log}/${sub}`
}

function nameOf(row: StoredRow): string {
  return row.map((cell) => (Buffer.isBuffer(cell) ? cell.toString('hex') : String(cell))).join('/')
}

function readRow(row: Row): StoredRow {
  const side = (value: unknown) => nullable(value, bytes) ?? null
  return [
    int(row[0]),
    int(row[1]),
    int(row[2]),
    side(row[3]),
    side(row[4]),
    bytes(row[5]),
    bytes(row[6]),
    bytes(row[7]),
  ]
}

function prepare(db: SqliteDatabase) {
  const sql = (text: string): Statement => db.prepare(text)
  const cursor = 'AND block = ? AND log = ? AND sub = ?'
  return {
    transfersAt: sql(
      'SELECT log, sub, asset, sender, receiver, item, amount, hash FROM transfers WHERE block = ?',
    ).raw(),
    insertTransfer: sql('INSERT INTO transfers VALUES (?,?,?,?,?,?,?,?,?)'),
    dropTransfer: sql('DELETE FROM transfers WHERE block = ? AND log = ? AND sub = ?'),
    insertChange: sql('INSERT INTO changes VALUES (?,?,?,?,?,?,?,?)'),
    dropChange: sql(`DELETE FROM changes WHERE ${PAIR} ${cursor}`),
    keepBlock: sql('INSERT INTO blocks VALUES (?, ?, NULL, ?, 1) ON CONFLICT DO UPDATE SET kept = 1'),
    unkeepBlock: sql('UPDATE blocks SET kept = 0 WHERE number = ?'),
    countAsset: sql('UPDATE assets SET transfers = transfers + ? WHERE id = ?'),
    firstBlock: sql('SELECT first_block FROM assets WHERE id = ?').pluck(),
    meetAsset: sql('UPDATE assets SET first_block = coalesce(min(first_block, ?), ?) WHERE id = ?'),
    remeetAsset: sql(
      `UPDATE assets SET first_block = (SELECT min(block) FROM (
         SELECT min(block) AS block FROM transfers t WHERE t.asset = assets.id
         UNION ALL SELECT min(undecodable) FROM hints h
           WHERE h.reference = assets.reference AND h.standard = assets.standard))
       WHERE id = ?`,
    ),
    changesAfter: sql(
      `SELECT block, log, sub, delta, sum FROM changes WHERE ${PAIR} AND (block, log, sub) > (?, ?, ?)
       ORDER BY block, log, sub LIMIT ?`,
    ).raw(),
    setSum: sql(`UPDATE changes SET sum = ? WHERE ${PAIR} ${cursor}`),
    lastBlock: sql(`SELECT max(block) FROM changes WHERE ${PAIR}`).pluck(),
  }
}
