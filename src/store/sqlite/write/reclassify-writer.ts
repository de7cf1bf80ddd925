import type { AccountCodec } from '../../../core/account.ts'
import { encodeItem } from '../../../journal/amount-codec.ts'
import { encodeHash } from '../../../journal/hash-codec.ts'
import type { Reclassification, ReclassifyOutcome } from '../../seam/audits.ts'
import type { SqliteDatabase, Statement } from '../database.ts'
import type { AssetTable } from '../rows/asset-table.ts'
import { encodeNullable } from '../rows/position.ts'
import type { DoubtWriter } from './doubt-writer.ts'

/** Reclassifies tokens to `reads`. Runs inside the journal's transaction. */
export class ReclassifyWriter {
  readonly #assets: AssetTable
  readonly #codec: AccountCodec
  readonly #doubts: DoubtWriter
  readonly #insert: Statement
  readonly #countClasses: Statement

  constructor(
    db: SqliteDatabase,
    deps: { readonly assets: AssetTable; readonly codec: AccountCodec; readonly doubts: DoubtWriter },
  ) {
    this.#assets = deps.assets
    this.#doubts = deps.doubts
    this.#codec = deps.codec
    this.#insert = db.prepare('INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)')
    this.#countClasses = db.prepare('UPDATE clock SET classes = classes + 1')
  }

  /** Writes the token's row. `block` must be ours. `at`: Unix seconds. */
  reclassify({ asset, block, reason, evidence }: Reclassification, at: number): ReclassifyOutcome {
    const stored = this.#assets.find(asset) ?? this.#assets.add(asset, undefined)
    if (stored.fixed) return 'fixed'
    if (stored.accounting === 'reads') return 'already'
    const account = evidence.account === undefined ? null : this.#codec.encode(evidence.account)
    const amounts = [encodeNullable(evidence.journal), encodeNullable(evidence.chain)]
    const where = [block.number, encodeHash(block.hash)]
    this.#insert.run(stored.id, ...where, reason, account, encodeItem(evidence.item), ...amounts, at)
    this.#doubts.resolveAsset(stored.id)
    this.#countClasses.run()
    this.#assets.forget()
    return 'reclassified'
  }
}
