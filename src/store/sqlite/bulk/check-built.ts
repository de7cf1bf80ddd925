import { statSync } from 'node:fs'
import type { AccountCodec } from '../../../core/account.ts'
import { isFungible } from '../../../core/standards.ts'
import type { Transfer } from '../../../core/transfer.ts'
import { encodeAmount, encodeItem } from '../../../journal/amount-codec.ts'
import { encodeHash } from '../../../journal/hash-codec.ts'
import { itemsOfSide, sidesOf } from '../../../journal/sides.ts'
import type { Expected } from '../../seam/bulk-check.ts'
import { bytes, guardedFile, int, type Row, type SqliteDatabase, type Statement, text } from '../database.ts'
import { openUnlogged } from './fresh-file.ts'

/** Files up to this size are checked page by page too: that takes a tenth of a second. */
const MAX_QUICK_CHECK_BYTES = 16 * 1024 * 1024

/** Which index, or the table itself, the rows of a sorted table are counted by. */
const COUNTED = {
  transfers: 'transfers NOT INDEXED',
  transfers_by_asset: 'transfers INDEXED BY transfers_by_asset',
  changes: 'changes',
  balances: 'balances NOT INDEXED',
  balances_as_met: "balances INDEXED BY balances_as_met WHERE item = x''",
  accounts: 'accounts',
  balances_by_amount: "balances INDEXED BY balances_by_amount WHERE item = x'' AND amount > x'80'",
  assets: 'assets',
} as const

/** Returns what SQLite finds wrong in a built file; undefined if nothing. */
export function findFault(file: string, codec: AccountCodec, expected: Expected): string | undefined {
  return guardedFile(file, () => {
    const db = openUnlogged(file)
    try {
      return countFault(db, expected) ?? new SampleCheck(db, codec).fault(expected) ?? pageFault(db, file)
    } finally {
      db.close()
    }
  })
}

function countFault(db: SqliteDatabase, { rows }: Expected): string | undefined {
  for (const [table, from] of Object.entries(COUNTED)) {
    const count = int(db.prepare(`SELECT count(*) FROM ${from}`).pluck().get())
    const wanted = rows[table as keyof typeof COUNTED]
    if (count !== wanted) return `${table} has ${count} rows, not ${wanted}`
  }
  return undefined
}

function pageFault(db: SqliteDatabase, file: string): string | undefined {
  if (statSync(file).size > MAX_QUICK_CHECK_BYTES) return undefined
  const result = db.pragma('quick_check', { simple: true })
  return result === 'ok' ? undefined : String(result)
}

/** Looks up single transfers, and all rows that follow from them. */
class SampleCheck {
  readonly #codec: AccountCodec
  readonly #s: ReturnType<typeof prepare>

  constructor(db: SqliteDatabase, codec: AccountCodec) {
    this.#codec = codec
    this.#s = prepare(db)
  }

  fault({ sample, keeps }: Expected): string | undefined {
    for (const { block, transfer } of sample) {
      const where = `the transfer ${block}/${transfer.event}/${transfer.part}`
      const row = this.#s.transfer.get(block, transfer.event, transfer.part)
      if (row === undefined) return `${where} is missing`
      if (!this.#isSame(row, transfer)) return `${where} differs from the log`
      const asset = int(row[0])
      if (this.#s.byAsset.get(asset, block, transfer.event, transfer.part) === undefined)
        return `${where} is not indexed`
      for (const side of sidesOf(transfer, (one, other) => one === other)) {
        if (!keeps(side.account)) continue
        const fault = this.#sideFault(side, { asset, block, transfer })
        if (fault !== undefined) return `${where}: ${fault}`
      }
    }
    return undefined
  }

  #isSame(row: Row, { asset, from, to, item, amount, transactionHash }: Transfer): boolean {
    const { encode } = this.#codec
    const values = [from, to].map((side) => (side === undefined ? undefined : encode(side)))
    const wanted = [...values, encodeItem(item), encodeAmount(amount), encodeHash(transactionHash)]
    const isNamed = text(row[1]) === asset.standard && text(row[2]) === asset.reference
    return isNamed && wanted.every((value, index) => isEqual(row[3 + index], value))
  }

  #sideFault({ account, delta }: { account: string; delta: bigint }, at: Sampled): string | undefined {
    const { asset, block, transfer } = at
    const fungible = isFungible(transfer.asset.standard)
    const stored = this.#codec.encode(account)
    for (const item of itemsOfSide(encodeItem(transfer.item), { none: Buffer.alloc(0), fungible })) {
      const pair = [stored, asset, item]
      const change = this.#s.delta.get(...pair, block, transfer.event, transfer.part)
      if (!isEqual(change, encodeAmount(delta))) return 'a change is missing'
      const balance = this.#s.balance.get(...pair)
      if (balance === undefined || !isEqual(balance[0], this.#s.lastSum.get(...pair))) return 'a balance is not its sum'
      if (item.length > 0) continue
      const met = [balance[2], balance[3], balance[4]]
      if (this.#s.asMet.get(stored, ...met) !== asset) return 'a balance is not listed'
      const isHeld = balance[1] !== null && bytes(balance[1]).compare(encodeAmount(0n)) > 0
      if (isHeld && this.#s.byAmount.get(asset, balance[1], stored) === undefined) return 'a holder is not listed'
    }
    return undefined
  }
}

type Sampled = { readonly asset: number; readonly block: number; readonly transfer: Transfer }

function isEqual(stored: unknown, wanted: unknown): boolean {
  if (stored === null || stored === undefined) return wanted === undefined
  return Buffer.isBuffer(stored) && Buffer.isBuffer(wanted) && stored.equals(wanted)
}

function prepare(db: SqliteDatabase) {
  const sql = (statement: string): Statement => db.prepare(statement)
  const pair = 'account = ? AND asset = ? AND item = ?'
  const place = 'block = ? AND log = ? AND sub = ?'
  return {
    transfer: sql(
      `SELECT asset, standard, reference, sender, receiver, item, amount, hash
       FROM transfers t JOIN assets a ON a.id = t.asset WHERE ${place}`,
    ).raw(),
    byAsset: sql(`SELECT 1 FROM transfers INDEXED BY transfers_by_asset WHERE asset = ? AND ${place}`).pluck(),
    delta: sql(`SELECT delta FROM changes WHERE ${pair} AND ${place}`).pluck(),
    lastSum: sql(`SELECT sum FROM changes WHERE ${pair} ORDER BY block DESC, log DESC, sub DESC LIMIT 1`).pluck(),
    balance: sql(`SELECT sum, amount, met_block, met_log, met_sub FROM balances WHERE ${pair}`).raw(),
    asMet: sql(
      `SELECT asset FROM balances INDEXED BY balances_as_met
       WHERE item = x'' AND account = ? AND met_block = ? AND met_log = ? AND met_sub = ?`,
    ).pluck(),
    byAmount: sql(
      `SELECT 1 FROM balances INDEXED BY balances_by_amount
       WHERE item = x'' AND amount > x'80' AND asset = ? AND amount = ? AND account = ?`,
    ).pluck(),
  }
}
