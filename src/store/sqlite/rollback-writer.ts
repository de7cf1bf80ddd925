import type { AccountCodec } from '../../core/account.ts'
import { assert } from '../../core/assert.ts'
import { isFungible } from '../../core/asset.ts'
import { decodeAmount, encodeAmount } from './amount-codec.ts'
import type { AssetTable } from './asset-table.ts'
import { isPositive } from './change-writer.ts'
import { bytes, int, type Row, type SqliteDatabase, type Statement } from './database.ts'
import { amountOf, encodeNullable, POSITION_COLUMNS, readPosition } from './position.ts'

const KEY = 'account = ? AND asset = ? AND item = ?'
const NO_ITEM_BYTES = Buffer.alloc(0)

type PairKey = { readonly account: Buffer; readonly asset: number; readonly item: Buffer; readonly fungible: boolean }

/** Takes back all above a block. Cost: the rows touched; the block-ordered transfers say which. */
export class RollbackWriter {
  readonly #assets: AssetTable
  readonly #keeps: (account: string) => boolean
  readonly #codec: AccountCodec
  readonly #statements: Readonly<Record<StatementName, Statement>>

  constructor(
    db: SqliteDatabase,
    options: { assets: AssetTable; codec: AccountCodec; keeps: (account: string) => boolean },
  ) {
    this.#assets = options.assets
    this.#codec = options.codec
    this.#keeps = options.keeps
    this.#statements = prepare(db)
  }

  /** Undoes all blocks above `ancestor`; returns how many transfers went. */
  undo(ancestor: number): number {
    const { pairs, transfersOf } = this.#touched(ancestor)
    for (const pair of pairs.values()) this.#restore(pair, ancestor)
    let transfers = 0
    for (const [asset, count] of transfersOf) {
      transfers += count
      this.#statements.countTransfers.run(count, asset)
    }
    this.#statements.dropTransfers.run(ancestor)
    this.#statements.dropBlocks.run(ancestor)
    this.#statements.unmeetAssets.run(ancestor)
    return transfers
  }

  #touched(ancestor: number): { pairs: Map<string, PairKey>; transfersOf: Map<number, number> } {
    const pairs = new Map<string, PairKey>()
    const transfersOf = new Map<number, number>()
    for (const entry of this.#statements.transfersAbove.iterate(ancestor)) {
      const row = entry as Row
      const asset = int(row[2])
      transfersOf.set(asset, (transfersOf.get(asset) ?? 0) + 1)
      const fungible = isFungible(this.#assets.byId(asset).asset.standard)
      for (const side of [row[0], row[1]]) {
        if (side === null) continue
        const account = bytes(side)
        if (!this.#keeps(this.#codec.decode(account))) continue
        for (const item of fungible ? [NO_ITEM_BYTES] : [NO_ITEM_BYTES, bytes(row[3])]) {
          pairs.set(`${account.toString('hex')}/${asset}/${item.toString('hex')}`, { account, asset, item, fungible })
        }
      }
    }
    return { pairs, transfersOf }
  }

  #restore(pair: PairKey, ancestor: number): void {
    const { account, asset, item } = pair
    const s = this.#statements
    const row = s.position.get(account, asset, item) as Row | undefined
    assert(row !== undefined, 'a transfer has no balance row')
    const position = readPosition(row)
    const before = amountOf(position)
    const received = position.receivedBlock !== undefined
    s.dropChanges.run(account, asset, item, ancestor)
    const last = s.lastChange.get(account, asset, item) as Row | undefined
    if (position.receivedBlock !== undefined && position.receivedBlock > ancestor) position.receivedBlock = undefined
    if (position.closedBlock !== undefined && position.closedBlock > ancestor) position.closedBlock = undefined
    if (last === undefined) s.dropPosition.run(account, asset, item)
    else {
      position.sum = decodeAmount(bytes(last[0]))
      position.lastBlock = int(last[1])
      s.updatePosition.run(
        encodeAmount(position.sum),
        encodeNullable(amountOf(position)),
        position.receivedBlock ?? null,
        position.lastBlock,
        position.closedBlock ?? null,
        account,
        asset,
        item,
      )
    }
    if (item.length > 0) return
    const lost = received && (last === undefined || position.receivedBlock === undefined)
    this.#recount(pair, { assets: last === undefined ? 1 : 0, received: pair.fungible && lost ? 1 : 0 })
    const turned = (last !== undefined && isPositive(amountOf(position)) ? 1 : 0) - (isPositive(before) ? 1 : 0)
    if (turned !== 0) s.countHolders.run(turned, asset)
  }

  #recount({ account }: PairKey, lost: { assets: number; received: number }): void {
    if (lost.assets === 0 && lost.received === 0) return
    this.#statements.countAccount.run(lost.assets, lost.received, account)
    this.#statements.dropAccount.run(account)
  }
}

type StatementName = keyof ReturnType<typeof prepare>

function prepare(db: SqliteDatabase) {
  const sql = (text: string): Statement => db.prepare<unknown[]>(text)
  return {
    transfersAbove: sql('SELECT sender, receiver, asset, item FROM transfers WHERE block > ?').raw(),
    position: sql(`SELECT ${POSITION_COLUMNS} FROM balances WHERE ${KEY}`).raw(),
    lastChange: sql(
      `SELECT sum, block FROM changes WHERE ${KEY} ORDER BY block DESC, log DESC, sub DESC LIMIT 1`,
    ).raw(),
    dropChanges: sql(`DELETE FROM changes WHERE ${KEY} AND block > ?`),
    dropPosition: sql(`DELETE FROM balances WHERE ${KEY}`),
    updatePosition: sql(
      `UPDATE balances SET sum = ?, amount = ?, received_block = ?, last_block = ?, closed_block = ? WHERE ${KEY}`,
    ),
    countAccount: sql('UPDATE accounts SET assets = assets - ?, received = received - ? WHERE account = ?'),
    dropAccount: sql('DELETE FROM accounts WHERE account = ? AND assets = 0'),
    countHolders: sql('UPDATE assets SET holders = holders + ? WHERE id = ?'),
    countTransfers: sql('UPDATE assets SET transfers = transfers - ? WHERE id = ?'),
    dropTransfers: sql('DELETE FROM transfers WHERE block > ?'),
    dropBlocks: sql('DELETE FROM blocks WHERE number > ?'),
    unmeetAssets: sql('UPDATE assets SET first_block = NULL WHERE first_block > ?'),
  }
}
