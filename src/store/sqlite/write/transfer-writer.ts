import type { AccountCodec } from '../../../core/account.ts'
import { isFungible } from '../../../core/standards.ts'
import type { Transfer } from '../../../core/transfer.ts'
import { decodeAmount, encodeAmount, encodeItem } from '../../../journal/amount-codec.ts'
import { encodeHash } from '../../../journal/hash-codec.ts'
import { itemsOfSide, sidesOf } from '../../../journal/sides.ts'
import { decodeSupplyDelta } from '../../../journal/supply.ts'
import { bytes, int, nullable, type Row, type SqliteDatabase, type Statement } from '../database.ts'
import type { AssetTable } from '../rows/asset-table.ts'
import { PAIR, type PairKey, type PairWriter, pairName, pairValues } from './pair-writer.ts'

const NO_ITEM_BYTES = Buffer.alloc(0)

/** A transfer as its row: log, sub, asset, sender, receiver, item, amount, hash. */
export type TransferRow = readonly [number, number, number, Buffer | null, Buffer | null, Buffer, Buffer, Buffer]

/** Pairs whose changes differ now, each with the first block where they do. */
export class TouchedPairs {
  readonly #pairs = new Map<string, { readonly key: PairKey; from: number }>()

  touch(key: PairKey, block: number): void {
    const name = pairName(key)
    const known = this.#pairs.get(name)
    if (known === undefined) this.#pairs.set(name, { key, from: block })
    else known.from = Math.min(known.from, block)
  }

  /** The accounts of the pairs, each once. */
  accounts(): readonly Buffer[] {
    return [...new Map(this.all().map(({ key: { account } }) => [account.toString('hex'), account])).values()]
  }

  all(): readonly { readonly key: PairKey; readonly from: number }[] {
    return [...this.#pairs.values()]
  }
}

/** A block in which transfers are added or removed. */
type Place = { readonly block: number; readonly touched: TouchedPairs }

/** The dependencies of a `TransferWriter`. `stores`: true for accounts whose changes are stored. */
export type TransferWriterDeps = {
  readonly assets: AssetTable
  readonly pairs: PairWriter
  readonly codec: AccountCodec
  readonly stores: (account: string) => boolean
}

/**
 * Adds and removes single transfers of past blocks, with their balance changes and counts. The caller then rewrites the
 * touched pairs. Runs inside the journal's transaction.
 */
export class TransferWriter {
  readonly #deps: TransferWriterDeps
  readonly #s: ReturnType<typeof prepare>

  constructor(db: SqliteDatabase, deps: TransferWriterDeps) {
    this.#deps = deps
    this.#s = prepare(db)
  }

  /** The stored transfers of a block. */
  at(block: number): readonly TransferRow[] {
    return this.#s.transfersAt.all(block).map(readRow)
  }

  /** The stored transfer at a position of a block. */
  one(block: number, log: number, sub: number): TransferRow | undefined {
    const row = this.#s.transferAt.get(block, log, sub)
    return row === undefined ? undefined : readRow(row)
  }

  /** True if transfers of a block are stored. */
  has(block: number): boolean {
    return this.#s.hasTransfers.get(block) !== undefined
  }

  encode(transfer: Transfer): TransferRow {
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

  /** True if transfers or undecodable ones show that the asset exists. */
  isMet(asset: number): boolean {
    return this.#s.firstBlock.get(asset) !== null
  }

  insert(row: TransferRow, place: Place): void {
    const { block } = place
    this.#s.insertTransfer.run(block, ...row)
    this.#s.countAsset.run(1, row[2])
    this.#s.meetAsset.run(block, block, row[2])
    this.#deps.pairs.addSupply(row[2], decodeSupplyDelta(row[3], row[4], row[6]))
    this.addChanges(row, place)
  }

  /** Adds the balance changes of a stored transfer that are missing. */
  addChanges(row: TransferRow, { block, touched }: Place): void {
    for (const { key, delta } of this.#sides(row)) {
      const values = [...pairValues(key), block, row[0], row[1], encodeAmount(delta), encodeAmount(0n)]
      if (this.#s.insertChange.run(...values).changes > 0) touched.touch(key, block)
    }
  }

  remove(row: TransferRow, { block, touched }: Place): void {
    this.drop(row, block)
    for (const { key } of this.#sides(row)) {
      this.#s.dropChange.run(...pairValues(key), block, row[0], row[1])
      touched.touch(key, block)
    }
  }

  /** Removes a transfer without its balance changes. */
  drop(row: TransferRow, block: number): void {
    this.#s.dropTransfer.run(block, row[0], row[1])
    this.#s.countAsset.run(-1, row[2])
    this.remeet(row[2])
    this.#deps.pairs.addSupply(row[2], -decodeSupplyDelta(row[3], row[4], row[6]))
  }

  /** Recomputes the first block of an asset. */
  remeet(asset: number): void {
    this.#s.remeetAsset.run(asset)
  }

  /** Marks a block as one with transfers. */
  keepBlock({ number, hash, timestamp }: { number: number; hash: string; timestamp: number }): void {
    this.#s.keepBlock.run(number, encodeHash(hash), timestamp)
  }

  /** Marks a block as one without transfers. */
  unkeepBlock(block: number): void {
    this.#s.unkeepBlock.run(block)
  }

  /** True if the balance changes of the sender or the receiver are stored. */
  hasChanges([, , , sender, receiver]: TransferRow): boolean {
    const { codec, stores } = this.#deps
    return [sender, receiver].some((side) => side !== null && stores(codec.decode(side)))
  }

  /** The balance changes of a transfer, row by row as `ChangeWriter` makes them. */
  #sides([, , asset, sender, receiver, item, amount]: TransferRow): { key: PairKey; delta: bigint }[] {
    const { assets, codec, stores } = this.#deps
    const fungible = isFungible(assets.byId(asset).asset.standard)
    const moved = decodeAmount(amount)
    const transfer = { from: sender ?? undefined, to: receiver ?? undefined, amount: moved }
    const items = itemsOfSide(item, { none: NO_ITEM_BYTES, fungible })
    return sidesOf(transfer, (one, other) => one.equals(other)).flatMap(({ account, delta }) =>
      stores(codec.decode(account))
        ? items.map((one) => ({ key: { account, asset, item: one, fungible }, delta }))
        : [],
    )
  }
}

/** The rows of one list that are not in the other. All columns are compared. */
export function without(rows: readonly TransferRow[], others: readonly TransferRow[]): TransferRow[] {
  const names = new Set(others.map(nameOf))
  return rows.filter((row) => !names.has(nameOf(row)))
}

/** The position of a transfer in its block, as text. */
export function logPosition([log, sub]: TransferRow): string {
  return `${log}/${sub}`
}

function nameOf(row: TransferRow): string {
  return row.map((cell) => (Buffer.isBuffer(cell) ? cell.toString('hex') : String(cell))).join('/')
}

function readRow(row: Row): TransferRow {
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
  const columns = 'log, sub, asset, sender, receiver, item, amount, hash'
  return {
    transfersAt: sql(`SELECT ${columns} FROM transfers WHERE block = ?`).raw(),
    transferAt: sql(`SELECT ${columns} FROM transfers WHERE block = ? AND log = ? AND sub = ?`).raw(),
    hasTransfers: sql('SELECT 1 FROM transfers WHERE block = ? LIMIT 1').pluck(),
    insertTransfer: sql('INSERT INTO transfers VALUES (?,?,?,?,?,?,?,?,?)'),
    dropTransfer: sql('DELETE FROM transfers WHERE block = ? AND log = ? AND sub = ?'),
    insertChange: sql('INSERT OR IGNORE INTO changes VALUES (?,?,?,?,?,?,?,?)'),
    dropChange: sql(`DELETE FROM changes WHERE ${PAIR} AND block = ? AND log = ? AND sub = ?`),
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
  }
}
