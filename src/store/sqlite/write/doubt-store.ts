import type { AccountCodec } from '../../../core/account.ts'
import type { AssetRef } from '../../../core/asset.ts'
import type { BalanceKey } from '../../../core/balance.ts'
import type { BlockRef } from '../../../core/block.ts'
import { isFungible } from '../../../core/standards.ts'
import { decodeItem, encodeItem } from '../../../journal/amount-codec.ts'
import { decodeHash } from '../../../journal/hash-codec.ts'
import type { DoubtPage, DoubtStore, DoubtWork, Refutation } from '../../seam/doubts.ts'
import { bytes, int, nullable, type Row, type SqliteDatabase, type Statement } from '../database.ts'
import type { AssetTable } from '../rows/asset-table.ts'
import type { DoubtWriter } from './doubt-writer.ts'
import type { PairKey, PairWriter } from './pair-writer.ts'
import type { Segments } from './segments.ts'

/** Supplies in doubt, and uncertain classes, in one page: as many as one round of the audit compares. */
const MAX_SUPPLIES = 50

/** The dependencies of `SqliteDoubts`. */
export type DoubtStoreDeps = {
  readonly db: SqliteDatabase
  readonly assets: AssetTable
  readonly codec: AccountCodec
  readonly pairs: PairWriter
  readonly segments: Segments
  readonly writer: DoubtWriter
  /** Runs work in one transaction of the chain's writer. */
  readonly transaction: <T>(work: () => T) => T
}

/** The marks of what is in doubt, for the chain's writer. */
export class SqliteDoubts implements DoubtStore {
  readonly #deps: DoubtStoreDeps
  readonly #s: ReturnType<typeof prepare>

  constructor(deps: DoubtStoreDeps) {
    this.#deps = deps
    this.#s = prepare(deps.db)
  }

  async state(): Promise<DoubtWork> {
    const { transaction, writer } = this.#deps
    return transaction(() => writer.work())
  }

  async refute(refuted: readonly Refutation[] | 'all'): Promise<void> {
    const { assets, transaction, writer } = this.#deps
    transaction(() => {
      if (refuted === 'all') {
        writer.refuteAll()
        return
      }
      for (const { asset, account, item } of refuted) {
        const { id } = assets.find(asset) ?? assets.add(asset, undefined)
        if (account === undefined) writer.refuteSupply(id)
        else writer.refutePair(this.#key({ account, asset, item }, id))
      }
    })
  }

  async next(cursor: string, limit: number): Promise<DoubtPage> {
    const { assets, codec, transaction } = this.#deps
    return transaction(() => {
      const [asset = '0', account = '', item = ''] = cursor.split('/')
      const from = [Number(asset), Buffer.from(account, 'hex'), Buffer.from(item, 'hex')]
      const rows = this.#s.after.all(...from, limit)
      if (rows.length < limit) rows.push(...this.#s.upTo.all(...from, limit - rows.length))
      const last = rows.at(-1)
      const keys = rows.map((row) => ({
        account: codec.decode(bytes(row[1])),
        asset: assets.byId(int(row[0])).asset,
        item: decodeItem(bytes(row[2])),
      }))
      const supplies = this.#s.supplies.all(MAX_SUPPLIES).flatMap((id) => this.#supplied(int(id)))
      const unsure = this.#s.classes.all(MAX_SUPPLIES).map((entry) => {
        const row = entry
        const account = nullable(row[1], (stored) => codec.decode(bytes(stored)))
        return { asset: assets.byId(int(row[0])).asset, account, at: int(row[2]) }
      })
      return { keys, supplies, unsure, cursor: last === undefined ? '' : cursorOf(last) }
    })
  }

  async resolve({ block, keys, supplies, classes = [] }: Parameters<DoubtStore['resolve']>[0]): Promise<void> {
    const { assets, transaction, writer } = this.#deps
    transaction(() => {
      if (!this.#isOurs(block)) return
      for (const key of keys) {
        const stored = assets.find(key.asset)
        if (stored === undefined) continue
        const pair = this.#key(key, stored.id)
        if (this.#isWhole(pair)) writer.resolvePair(pair, block.number)
      }
      for (const asset of supplies) {
        const stored = assets.find(asset)
        if (stored !== undefined) writer.resolveSupply(stored.id, block.number)
      }
      for (const { asset, stays } of classes) {
        const stored = assets.find(asset)
        if (stored !== undefined) writer.resolveClass(stored.id, stays)
      }
    })
  }

  async refetched(through: number): Promise<void> {
    const { transaction, writer } = this.#deps
    transaction(() => {
      const written = this.#s.written.get()
      writer.refetched(through, typeof written === 'number' ? written : -1)
    })
  }

  async looked(at: 'all' | 'some'): Promise<void> {
    const { transaction, writer } = this.#deps
    transaction(() => writer.looked(at))
  }

  /**
   * The token of a refuted supply. If the contract turned out to have only items, it has no supply of units: removes
   * the mark and returns nothing.
   */
  #supplied(id: number): AssetRef[] {
    const { assets, writer } = this.#deps
    const { asset } = assets.byId(id)
    if (!assets.hasItemsOnly(asset)) return [asset]
    writer.resolveSupply(id, Number.MAX_SAFE_INTEGER)
    return []
  }

  #key({ account, asset, item }: BalanceKey, id: number): PairKey {
    const fungible = isFungible(asset.standard)
    return { account: this.#deps.codec.encode(account), asset: id, item: encodeItem(item), fungible }
  }

  /** False if the sum left the range of amounts, or if the events contradict the newest read. */
  #isWhole(pair: PairKey): boolean {
    const { pairs, segments } = this.#deps
    const newest = segments.newest(pair)
    return pairs.read(pair)?.closedBlock === undefined && (newest === undefined || newest.since === 0)
  }

  #isOurs({ number, hash }: BlockRef): boolean {
    const ours = this.#s.hashAt.get(number)
    return ours !== undefined && decodeHash(bytes(ours)) === hash
  }
}

function cursorOf(row: Row): string {
  return `${int(row[0])}/${bytes(row[1]).toString('hex')}/${bytes(row[2]).toString('hex')}`
}

function prepare(db: SqliteDatabase) {
  const sql = (text: string): Statement => db.prepare(text)
  const select = 'SELECT asset, account, item FROM refuted_pairs WHERE (asset, account, item)'
  const order = 'ORDER BY asset, account, item LIMIT ?'
  return {
    after: sql(`${select} > (?, ?, ?) ${order}`).raw(),
    upTo: sql(`${select} <= (?, ?, ?) ${order}`).raw(),
    supplies: sql('SELECT asset FROM refuted_assets WHERE supply = 1 ORDER BY asset LIMIT ?').pluck(),
    classes: sql('SELECT asset, account, code_at FROM turns WHERE code_at IS NOT NULL LIMIT ?').raw(),
    written: sql('SELECT number FROM clock').pluck(),
    hashAt: sql('SELECT hash FROM blocks WHERE number = ?').pluck(),
  }
}
