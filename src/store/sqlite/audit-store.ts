import type { AccountCodec } from '../../core/account.ts'
import { type AssetRef, NO_ITEM } from '../../core/asset.ts'
import type { BlockRef } from '../../core/block.ts'
import type { Coverage } from '../../core/coverage.ts'
import type { AuditStore, Finding, Walk, WalkLimits, WalkStep } from '../audits.ts'
import { decodeAmount, encodeItem } from './amount-codec.ts'
import type { AssetTable, FixedClasses } from './asset-table.ts'
import { bytes, nullable, type Row, type SqliteDatabase, type Statement, text } from './database.ts'
import { readOptionalRef } from './header-rows.ts'
import { encodeNullable } from './position.ts'
import { Walks } from './walks.ts'

/** Findings kept: what an operator reads back, some 200 bytes each. */
const MAX_FINDINGS = 1_000

export type AuditParts = {
  readonly db: SqliteDatabase
  readonly assets: AssetTable
  readonly codec: AccountCodec
  readonly keeps: (account: string) => boolean
  readonly coverage: Coverage
  readonly fixed: FixedClasses
  /** Runs work in one transaction of the chain's writer. */
  readonly transaction: <T>(work: () => T) => T
}

/** What the auditor asks of the chain's file and leaves there. */
export class SqliteAudits implements AuditStore {
  readonly #parts: AuditParts
  readonly #walks: Walks
  readonly #s: ReturnType<typeof prepare>

  constructor(parts: AuditParts) {
    this.#parts = parts
    this.#walks = new Walks(parts)
    this.#s = prepare(parts.db)
  }

  async next(walk: Walk, limits: WalkLimits): Promise<WalkStep> {
    return this.#parts.transaction(() => this.#walks.next(walk, nullable(this.#s.place.get(walk), text), limits))
  }

  async reached(walk: Walk, place: string): Promise<void> {
    this.#parts.transaction(() => this.#s.setPlace.run(walk, place))
  }

  async supplies(assets: readonly AssetRef[]) {
    const { coverage, transaction } = this.#parts
    const whole = coverage.from === 0 && coverage.scope.type !== 'accounts'
    return transaction((): { block: BlockRef; supplies: (bigint | undefined)[] } => {
      const row = this.#s.written.get() as Row | undefined
      const block = row === undefined ? undefined : readOptionalRef(row[0], row[1])
      const supplies = assets.map((asset) => (whole && block !== undefined ? this.#supply(asset) : undefined))
      return { block: block ?? { number: -1, hash: '' }, supplies }
    })
  }

  async note({ asset, account, item, journal, chain, ...finding }: Finding): Promise<void> {
    const { assets, codec, transaction } = this.#parts
    transaction(() => {
      const id = (assets.find(asset) ?? assets.add(asset, undefined)).id
      const who = [account === undefined ? null : codec.encode(account), encodeItem(item)]
      const amounts = [encodeNullable(journal), encodeNullable(chain)]
      const at = Math.floor(Date.now() / 1000)
      this.#s.note.run(at, finding.what, finding.block, id, ...who, ...amounts, finding.says)
      this.#s.forget.run(MAX_FINDINGS)
    })
  }

  #supply(asset: AssetRef): bigint | undefined {
    const stored = this.#parts.assets.find(asset)
    if (stored === undefined || stored.accounting !== 'events') return undefined
    if (this.#s.doubt.get(stored.id, encodeItem(NO_ITEM)) !== undefined) return undefined
    return nullable(this.#s.supply.get(stored.id), (value) => decodeAmount(bytes(value)))
  }
}

function prepare(db: SqliteDatabase) {
  const sql = (statement: string): Statement => db.prepare<unknown[]>(statement)
  return {
    place: sql('SELECT place FROM places WHERE name = ?').pluck(),
    setPlace: sql('INSERT OR REPLACE INTO places VALUES (?, ?)'),
    written: sql('SELECT number, hash FROM clock').raw(),
    supply: sql('SELECT supply FROM assets WHERE id = ?').pluck(),
    doubt: sql('SELECT 1 FROM doubts WHERE asset = ? AND item = ? LIMIT 1').pluck(),
    note: sql(
      `INSERT INTO findings (found_at, what, block, asset, account, item, journal, chain, says)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    forget: sql('DELETE FROM findings WHERE id <= (SELECT max(id) FROM findings) - ?'),
  }
}
