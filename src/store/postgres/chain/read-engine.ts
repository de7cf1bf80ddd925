import { AssetTable, type FixedClasses } from '../../queries/asset-table.ts'
import { asOwn, type ClockNature, ClockRows } from '../../queries/clock.ts'
import type { ReadContext } from '../../queries/context.ts'
import type { Query } from '../../queries/query.ts'
import type { ReadEngine } from '../../queries/reads.ts'
import type { ChainClock } from '../../seam/chain-clock.ts'
import type { PostgresDatabase } from '../database.ts'
import { runQuery } from './run-query.ts'

/** What is remembered as long as no class of an asset changes. `revision`: of the clock. */
type Remembered = { readonly revision: number; readonly assets: AssetTable; hasEndings: boolean | undefined }

/** Runs reads of a chain, each in a snapshot of its own. */
export class PostgresReadEngine implements ReadEngine {
  readonly #db: PostgresDatabase
  readonly #of: ClockNature & { readonly fixed: FixedClasses }
  readonly #rows: ClockRows
  #remembered: Remembered | undefined

  /** `db`: a view of the chain's schemas. */
  constructor(db: PostgresDatabase, of: ClockNature & { readonly fixed: FixedClasses }) {
    this.#db = db
    this.#of = of
    this.#rows = new ClockRows(of)
  }

  read<T>(work: (context: ReadContext) => Query<T>): Promise<T> {
    return this.#db.snapshot(async (queries) => {
      const stored = await runQuery(queries, this.#rows.read())
      const remembered = this.#rememberedAt(stored)
      const context: ReadContext = {
        codec: this.#of.codec,
        clock: this.#of.own ? asOwn(stored) : stored,
        assets: remembered.assets,
        readsWholeLists: false,
        hasEndings: remembered.hasEndings,
      }
      const result = await runQuery(queries, work(context))
      remembered.hasEndings = context.hasEndings
      return result
    })
  }

  /** Snapshots overlap: one that is older than what is remembered must not add to it. */
  #rememberedAt({ revision }: ChainClock): Remembered {
    if (this.#remembered?.revision === revision) return this.#remembered
    const fresh: Remembered = { revision, assets: new AssetTable(this.#of.fixed), hasEndings: undefined }
    if (this.#remembered === undefined || this.#remembered.revision < revision) this.#remembered = fresh
    return fresh
  }
}
