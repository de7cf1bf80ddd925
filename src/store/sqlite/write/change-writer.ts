import { encodeAmount, encodeItem } from '../../../journal/amount-codec.ts'
import { amountOf, applyChange, endBlock, isPositive, positionBefore } from '../../../journal/position.ts'
import type { RowStatement, SqliteDatabase, Statement } from '../database.ts'
import { encodeNullable, POSITION_COLUMNS, positionValues, readPosition } from '../rows/position.ts'
import { type BatchAccount, type Change, sortForTable } from './changes.ts'

/** What a batch adds to an account's counts. */
type Met = { assets: number; received: number }

/**
 * Writes the balance changes of a batch and updates the balances, in the key order of the tables, so that each page is
 * visited once per batch. Runs inside the journal's transaction.
 */
export class ChangeWriter {
  /** The opening of a new pair: 0 if coverage began with the chain, else unknown. */
  readonly #opening: bigint | undefined
  readonly #select: RowStatement
  readonly #insert: Statement
  readonly #update: Statement
  readonly #change: Statement
  readonly #account: Statement
  readonly #holders: Statement
  readonly #doubt: Statement

  constructor(db: SqliteDatabase, opening: bigint | undefined) {
    this.#opening = opening
    const key = 'account = ? AND asset = ? AND item = ?'
    this.#select = db.prepare(`SELECT ${POSITION_COLUMNS} FROM balances WHERE ${key}`).raw()
    this.#insert = db.prepare(
      `INSERT INTO balances (account, asset, item, ${POSITION_COLUMNS}, amount) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)`,
    )
    this.#update = db.prepare(
      `UPDATE balances SET sum = ?, amount = ?, received_block = ?, last_block = ?, closed_block = ? WHERE ${key}`,
    )
    this.#change = db.prepare('INSERT INTO changes VALUES (?,?,?,?,?,?,?,?)')
    this.#account = db.prepare(
      `INSERT INTO accounts VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET assets = assets + excluded.assets, received = received + excluded.received`,
    )
    this.#doubt = db.prepare('INSERT OR IGNORE INTO doubts VALUES (?, ?, ?)')
    this.#holders = db.prepare('UPDATE assets SET holders = holders + ? WHERE id = ?')
  }

  write(accounts: ReadonlyMap<string, BatchAccount>): void {
    const holders = new Map<number, number>()
    const inKeyOrder = [...accounts.values()].sort((a, b) => a.bytes.compare(b.bytes))
    for (const { bytes: account, changes } of inKeyOrder) {
      const met: Met = { assets: 0, received: 0 }
      const sorted = sortForTable(changes)
      let start = 0
      for (let end = 1; end <= sorted.length; end++) {
        const first = sorted[start]
        const next = sorted[end]
        if (first === undefined) break
        if (next !== undefined && next.assetId === first.assetId && next.item === first.item) continue
        this.#writePair(account, { first, sorted, start, end, met, holders })
        start = end
      }
      if (met.assets > 0 || met.received > 0) this.#account.run(account, met.assets, met.received)
    }
    for (const [asset, delta] of holders) if (delta !== 0) this.#holders.run(delta, asset)
  }

  #writePair(account: Buffer, pair: Pair): void {
    const { first, met } = pair
    const item = encodeItem(first.item)
    const row = this.#select.get(account, first.assetId, item)
    const position = row === undefined ? positionBefore(first, this.#opening) : readPosition(row)
    const before = row === undefined ? undefined : amountOf(position)
    const hadReceived = position.receivedBlock !== undefined
    for (let i = pair.start; i < pair.end; i++) {
      const change = pair.sorted[i]
      if (change === undefined) break
      applyChange(position, change)
      // The range is checked only at the end of a block: within a block, contracts log in any order.
      const last = i + 1 === pair.end || pair.sorted[i + 1]?.block !== change.block
      if (last && endBlock(position, change.block)) this.#doubt.run(first.assetId, account, item)
      const { block, log, sub, bytes } = change
      this.#change.run(account, first.assetId, item, block, log, sub, bytes, encodeAmount(position.sum))
    }
    const amount = amountOf(position)
    if (row === undefined) this.#insert.run(account, first.assetId, item, ...positionValues(position))
    else {
      this.#update.run(
        encodeAmount(position.sum),
        encodeNullable(amount),
        position.receivedBlock ?? null,
        position.lastBlock,
        position.closedBlock ?? null,
        account,
        first.assetId,
        item,
      )
    }
    if (first.item !== '') return
    if (row === undefined) met.assets++
    if (first.fungible && !hadReceived && position.receivedBlock !== undefined) met.received++
    const turned = (isPositive(amount) ? 1 : 0) - (isPositive(before) ? 1 : 0)
    if (turned !== 0) pair.holders.set(first.assetId, (pair.holders.get(first.assetId) ?? 0) + turned)
  }
}

type Pair = {
  readonly first: Change
  readonly sorted: readonly Change[]
  readonly start: number
  readonly end: number
  readonly met: Met
  readonly holders: Map<number, number>
}
