import type { AccountCodec } from '../../../core/account.ts'
import { isFungible } from '../../../core/standards.ts'
import type { Transfer } from '../../../core/transfer.ts'
import { encodeAmount, encodeItem } from '../../../journal/amount-codec.ts'
import { encodeHash } from '../../../journal/hash-codec.ts'
import { itemsOfSide, sidesOf } from '../../../journal/sides.ts'
import type { Expected } from '../../seam/bulk-check.ts'
import { int, type Row, type SqliteDatabase, text } from '../database.ts'
import { parseStandard } from '../rows/asset-table.ts'
import { isSameValue, PairCheck } from './pair-check.ts'

/** Pairs that are chosen at random in the file, and tokens of each standard. */
const RANDOM_PAIRS = 64
const TOKENS_OF_STANDARD = 8

/**
 * Looks up single transfers and pairs, and all rows that follow from them: the transfers of the sample, the first and last rows
 * of each table, pairs at random places in the order of accounts, and tokens of each standard. What the file has must be in the
 * log too.
 */
export class SampleCheck {
  readonly #db: SqliteDatabase
  readonly #codec: AccountCodec
  readonly #expected: Expected
  readonly #pairs: PairCheck
  readonly #s: ReturnType<typeof prepare>

  constructor(db: SqliteDatabase, codec: AccountCodec, expected: Expected) {
    this.#db = db
    this.#codec = codec
    this.#expected = expected
    this.#pairs = new PairCheck(db, expected.from)
    this.#s = prepare(db)
  }

  /** Returns what is wrong; undefined if nothing. */
  fault(): string | undefined {
    for (const { block, transfer } of this.#expected.sample) {
      const fault = this.#transferFault(block, transfer)
      if (fault !== undefined) return `the transfer ${block}/${transfer.event}/${transfer.part} ${fault}`
    }
    return this.#edgeFault() ?? this.#tokenFault() ?? this.#randomFault()
  }

  /** Looks at a transfer that the log has, and all that follows from it. */
  #transferFault(block: number, transfer: Transfer): string | undefined {
    const place = [block, transfer.event, transfer.part]
    const row = this.#s.transfer.get(...place)
    if (row === undefined) return 'is missing'
    if (!this.#isSame(row, transfer)) return 'differs from the log'
    const asset = int(row[0])
    if (this.#s.byAsset.get(asset, ...place) === undefined) return 'is not indexed'
    if (this.#s.block.get(block) === undefined) return 'has no block'
    for (const { account, delta } of sidesOf(transfer, (one, other) => one === other)) {
      if (!this.#expected.keeps(account)) continue
      const fungible = isFungible(transfer.asset.standard)
      for (const item of itemsOfSide(encodeItem(transfer.item), { none: Buffer.alloc(0), fungible })) {
        const pair = { account: this.#codec.encode(account), asset, item }
        const change = this.#s.delta.get(pair.account, asset, item, ...place)
        if (!isSameValue(change, encodeAmount(delta))) return 'lacks a change'
        const fault = this.#pairs.fault(pair)
        if (fault !== undefined) return fault
      }
    }
    return this.#pairs.assetFault(asset)
  }

  /** Looks at a row of the transfers in the file. */
  #storedFault(place: Row | undefined): string | undefined {
    if (place === undefined) return undefined
    const [block, event, part] = place.map(int)
    if (block === undefined || event === undefined || part === undefined) return 'a transfer has no place'
    const transfer = this.#expected.find({ block, event, part })
    const fault = transfer === undefined ? 'is not in the log' : this.#transferFault(block, transfer)
    return fault === undefined ? undefined : `the transfer ${block}/${event}/${part} ${fault}`
  }

  #edgeFault(): string | undefined {
    for (const order of ['ASC', 'DESC']) {
      const sql = (columns: string, from: string): Row | undefined => {
        const by = columns.split(', ').map((column) => `${column} ${order}`)
        return this.#db
          .prepare(`SELECT ${columns} FROM ${from} ORDER BY ${by.join(', ')} LIMIT 1`)
          .raw()
          .get()
      }
      const byAsset = sql('asset, block, log, sub', 'transfers INDEXED BY transfers_by_asset')
      const fault =
        this.#storedFault(sql('block, log, sub', 'transfers NOT INDEXED')) ??
        this.#storedFault(byAsset?.slice(1)) ??
        this.#pairs.rowFault(sql('account, asset, item', 'changes')) ??
        this.#pairs.rowFault(sql('account, asset, item', 'balances NOT INDEXED'))
      if (fault !== undefined) return fault
    }
    return undefined
  }

  /** Looks at a transfer of some tokens of each standard, as there are few transfers of some standards. */
  #tokenFault(): string | undefined {
    const { random, sample } = this.#expected
    const end = sample[1]?.block ?? 0
    const most = int(this.#s.lastAsset.get() ?? 0)
    for (const standard of this.#s.standards.all().map(text)) {
      for (let i = 0; i < TOKENS_OF_STANDARD; i++) {
        const asset = this.#s.tokenFrom.get(standard, Math.floor(random() * most)) ?? this.#s.tokenFrom.get(standard, 0)
        if (asset === undefined) continue
        const fault =
          this.#storedFault(this.#s.transferFrom.get(asset, Math.floor(random() * (end + 1)))) ??
          this.#storedFault(this.#s.transferFrom.get(asset, 0))
        if (fault !== undefined) return fault
      }
    }
    return undefined
  }

  /** Looks at pairs at random places in the order of accounts: they come from hashes, so all are about as likely. */
  #randomFault(): string | undefined {
    const { random } = this.#expected
    const first = this.#s.pairFrom.get(Buffer.alloc(0), 0)
    const length = Buffer.isBuffer(first?.[0]) ? first[0].length : 0
    const most = int(this.#s.lastAsset.get() ?? 0)
    for (let i = 0; i < RANDOM_PAIRS; i++) {
      const account = Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)))
      const found = this.#s.pairFrom.get(account, 0)
      const fault =
        this.#pairs.rowFault(found) ??
        this.#pairs.rowFault(found && this.#s.pairFrom.get(found[0], Math.floor(random() * most)))
      if (fault !== undefined) return fault
    }
    return undefined
  }

  #isSame(row: Row, { asset, from, to, item, amount, transactionHash }: Transfer): boolean {
    const { encode } = this.#codec
    const values = [from, to].map((side) => (side === undefined ? undefined : encode(side)))
    const wanted = [...values, encodeItem(item), encodeAmount(amount), encodeHash(transactionHash)]
    const isNamed = parseStandard(row[1]) === asset.standard && text(row[2]) === asset.reference
    return isNamed && wanted.every((value, index) => isSameValue(row[3 + index], value))
  }
}

function prepare(db: SqliteDatabase) {
  const place = 'block = ? AND log = ? AND sub = ?'
  const pluck = (sql: string) => db.prepare(sql).pluck()
  return {
    transfer: db
      .prepare(
        `SELECT asset, standard, reference, sender, receiver, item, amount, hash
         FROM transfers t JOIN assets a ON a.id = t.asset WHERE ${place}`,
      )
      .raw(),
    byAsset: pluck(`SELECT 1 FROM transfers INDEXED BY transfers_by_asset WHERE asset = ? AND ${place}`),
    block: pluck('SELECT 1 FROM blocks WHERE number = ? AND kept = 1'),
    delta: pluck(`SELECT delta FROM changes WHERE account = ? AND asset = ? AND item = ? AND ${place}`),
    lastAsset: pluck('SELECT max(id) FROM assets'),
    standards: pluck('SELECT DISTINCT standard FROM assets'),
    tokenFrom: pluck('SELECT id FROM assets WHERE standard = ? AND id >= ? AND transfers > 0 ORDER BY id LIMIT 1'),
    transferFrom: db
      .prepare(
        `SELECT block, log, sub FROM transfers INDEXED BY transfers_by_asset WHERE asset = ? AND block >= ?
         ORDER BY block, log, sub LIMIT 1`,
      )
      .raw(),
    pairFrom: db
      .prepare(
        `SELECT account, asset, item FROM balances WHERE (account, asset) >= (?, ?)
         ORDER BY account, asset, item LIMIT 1`,
      )
      .raw(),
  }
}
