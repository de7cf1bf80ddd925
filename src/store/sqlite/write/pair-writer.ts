import { decodeAmount, encodeAmount } from '../../../journal/amount-codec.ts'
import { amountOf, isPositive, type Position } from '../../../journal/position.ts'
import { bytes, type SqliteDatabase, type Statement } from '../database.ts'
import { POSITION_COLUMNS, positionValues, readPosition } from '../rows/position.ts'

/** A balance by the store's own ids. */
export type PairKey = {
  readonly account: Buffer
  readonly asset: number
  readonly item: Buffer
  readonly fungible: boolean
}

/** Selects one pair. */
export const PAIR = 'account = ? AND asset = ? AND item = ?'

/** The values of PAIR. */
export function pairValues({ account, asset, item }: PairKey): [Buffer, number, Buffer] {
  return [account, asset, item]
}

/** The map key of a pair. */
export function pairName({ account, asset, item }: PairKey): string {
  return `${account.toString('hex')}/${asset}/${item.toString('hex')}`
}

/**
 * Changes single balances and everything that counts them: lists, holders, supply, out-of-range pairs. For rare
 * changes; a batch uses `ChangeWriter`. Runs inside the journal's transaction.
 */
export class PairWriter {
  readonly #s: ReturnType<typeof prepare>

  constructor(db: SqliteDatabase) {
    this.#s = prepare(db)
  }

  /** The pair's row; undefined if there is none. */
  read(key: PairKey): Position | undefined {
    const row = this.#s.select.get(...pairValues(key))
    return row === undefined ? undefined : readPosition(row)
  }

  /** Replaces the pair's row `before` with `after`. Undefined means no row. */
  write(key: PairKey, before: Position | undefined, after: Position | undefined): void {
    if (after === undefined) this.#s.drop.run(...pairValues(key))
    else this.#s.put.run(...pairValues(key), ...positionValues(after))
    if ((before?.closedBlock === undefined) !== (after?.closedBlock === undefined)) {
      const doubt = after?.closedBlock === undefined ? this.#s.settle : this.#s.doubt
      doubt.run(key.asset, key.account, key.item)
    }
    if (key.item.length === 0) this.#count(key, before, after)
  }

  /** Adds to an asset's stored supply, if it has one. */
  addSupply(asset: number, delta: bigint): void {
    if (delta === 0n) return
    const supply = this.#s.supply.get(asset)
    if (supply === null || supply === undefined) return
    this.#s.setSupply.run(encodeAmount(decodeAmount(bytes(supply)) + delta), asset)
  }

  #count({ account, asset, fungible }: PairKey, before: Position | undefined, after: Position | undefined): void {
    const assets = one(after !== undefined) - one(before !== undefined)
    const received = fungible ? one(after?.receivedBlock !== undefined) - one(before?.receivedBlock !== undefined) : 0
    if (assets !== 0 || received !== 0) {
      this.#s.countAccount.run(account, assets, received)
      if (assets < 0) this.#s.dropAccount.run(account)
    }
    const holders =
      one(after !== undefined && isPositive(amountOf(after))) -
      one(before !== undefined && isPositive(amountOf(before)))
    if (holders !== 0) this.#s.countHolders.run(holders, asset)
    this.addSupply(asset, (after?.opening ?? 0n) - (before?.opening ?? 0n))
  }
}

function one(holds: boolean): number {
  return holds ? 1 : 0
}

function prepare(db: SqliteDatabase) {
  const sql = (text: string): Statement => db.prepare(text)
  return {
    select: sql(`SELECT ${POSITION_COLUMNS} FROM balances WHERE ${PAIR}`).raw(),
    put: sql(
      `INSERT OR REPLACE INTO balances (account, asset, item, ${POSITION_COLUMNS}, amount)
       VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)`,
    ),
    drop: sql(`DELETE FROM balances WHERE ${PAIR}`),
    doubt: sql('INSERT OR IGNORE INTO doubts VALUES (?, ?, ?)'),
    settle: sql('DELETE FROM doubts WHERE asset = ? AND account = ? AND item = ?'),
    countAccount: sql(
      `INSERT INTO accounts VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET assets = assets + excluded.assets, received = received + excluded.received`,
    ),
    dropAccount: sql('DELETE FROM accounts WHERE account = ? AND assets = 0'),
    countHolders: sql('UPDATE assets SET holders = holders + ? WHERE id = ?'),
    supply: sql('SELECT supply FROM assets WHERE id = ?').pluck(),
    setSupply: sql('UPDATE assets SET supply = ? WHERE id = ?'),
  }
}
