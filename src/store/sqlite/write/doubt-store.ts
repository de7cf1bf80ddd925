import type { AssetRef } from '../../../core/asset.ts'
import { decodeItem } from '../../../journal/amount-codec.ts'
import { decodeHash } from '../../../journal/hash-codec.ts'
import type { Plan } from '../../../journal/plan.ts'
import type { JournalRules } from '../../../journal/rules/journal-rules.ts'
import { forgetSupplies, looked, refetched, refute, resolve } from '../../../journal/rules/settle-doubts.ts'
import { type DoubtPage, type DoubtStore, type DoubtWork, NO_DOUBTS, type Refutation } from '../../seam/doubts.ts'
import { bytes, int, nullable, type Row, type SqliteDatabase, type Statement } from '../database.ts'
import { DOUBT_COLUMNS, isRechecking, readDoubts } from '../rows/doubt-rows.ts'
import type { JournalFile } from './journal-file.ts'

/** Supplies in doubt, and uncertain classes, in one page: as many as one round of the audit compares. */
const MAX_SUPPLIES = 50

/** The dependencies of `SqliteDoubts`. */
export type DoubtStoreDeps = {
  readonly db: SqliteDatabase
  readonly file: JournalFile
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
    return this.#deps.transaction(() => {
      const row = this.#s.state.get()
      if (row === undefined) return { ...NO_DOUBTS, rechecking: false, proofs: [] }
      const proofs = this.#s.proofs.all().map(([number, hash]) => {
        return { number: int(number), hash: decodeHash(bytes(hash)) }
      })
      return { ...readDoubts(row), rechecking: isRechecking(row), proofs }
    })
  }

  async refute(refuted: readonly Refutation[] | 'all'): Promise<void> {
    this.#run((rules) => refute(refuted, rules))
  }

  async next(cursor: string, limit: number): Promise<DoubtPage> {
    const { file, transaction } = this.#deps
    const { assets, rules } = file
    const { codec } = rules
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
      const supplies = this.#supplied(this.#s.supplies.all(MAX_SUPPLIES).map(int))
      const unsure = this.#s.classes.all(MAX_SUPPLIES).map((entry) => {
        const row = entry
        const account = nullable(row[1], (stored) => codec.decode(bytes(stored)))
        return { asset: assets.byId(int(row[0])).asset, account, at: int(row[2]) }
      })
      return { keys, supplies, unsure, cursor: last === undefined ? '' : cursorOf(last) }
    })
  }

  async resolve(equal: Parameters<DoubtStore['resolve']>[0]): Promise<void> {
    this.#run((rules) => resolve(equal, rules))
  }

  async refetched(through: number): Promise<void> {
    this.#run((rules) => refetched(through, rules))
  }

  async looked(at: 'all' | 'some'): Promise<void> {
    this.#run((rules) => looked(at, rules))
  }

  /**
   * The tokens of refuted supplies. If a contract turned out to have only items, it has no supply of units: removes the
   * mark.
   */
  #supplied(ids: readonly number[]): readonly AssetRef[] {
    const { file } = this.#deps
    const refs = ids.map((id) => ({ id, asset: file.assets.byId(id).asset }))
    const [withItems, others] = [true, false].map((isItems) =>
      refs.filter(({ asset }) => file.assets.hasItemsOnly(asset) === isItems),
    )
    const lost = (withItems ?? []).map(({ id }) => id)
    file.run(forgetSupplies(lost, file.rules))
    return (others ?? []).map(({ asset }) => asset)
  }

  #run(plan: (rules: JournalRules) => Plan<void>): void {
    const { file, transaction } = this.#deps
    transaction(() => file.run(plan(file.rules)))
  }
}

function cursorOf(row: Row): string {
  return `${int(row[0])}/${bytes(row[1]).toString('hex')}/${bytes(row[2]).toString('hex')}`
}

function prepare(db: SqliteDatabase) {
  const sql = (text: string): Statement => db.prepare(text)
  const select = 'SELECT asset, account, item FROM refuted_pairs WHERE (asset, account, item)'
  const order = 'ORDER BY asset, account, item LIMIT ? + 0'
  return {
    after: sql(`${select} > (?, ?, ?) ${order}`).raw(),
    upTo: sql(`${select} <= (?, ?, ?) ${order}`).raw(),
    supplies: sql('SELECT asset FROM refuted_assets WHERE supply = 1 ORDER BY asset LIMIT ? + 0').pluck(),
    classes: sql('SELECT asset, account, code_at FROM turns WHERE code_at IS NOT NULL LIMIT ? + 0').raw(),
    state: sql(`SELECT ${DOUBT_COLUMNS} FROM in_doubt`).raw(),
    proofs: sql('SELECT block, hash FROM log_proofs ORDER BY id').raw(),
  }
}
