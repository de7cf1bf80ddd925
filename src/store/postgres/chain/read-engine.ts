import { gatherPerTick } from '../../../core/per-tick.ts'
import type { ReadEngine } from '../../engine/read-engine.ts'
import { AssetTable, type FixedClasses } from '../../queries/asset-table.ts'
import { asOwn, type ClockNature, ClockRows } from '../../queries/clock.ts'
import type { ReadContext } from '../../queries/context.ts'
import type { Query } from '../../queries/query.ts'
import type { ChainClock } from '../../seam/chain-clock.ts'
import type { PostgresDatabase, Queries } from '../database.ts'
import { isOfFailedTransaction } from '../store-error.ts'
import { runQuery } from './run-query.ts'

/** What is remembered as long as no class of an asset changes. `revision`: of the clock. */
type Remembered = { readonly revision: number; readonly assets: AssetTable; hasEndings: boolean | undefined }

/** A read that waits for the snapshot of its tick. `run` answers it; `fail` throws to who asked. */
type Waiting = {
  readonly run: (queries: Queries, context: ReadContext) => Promise<void>
  readonly fail: (error: unknown) => void
}

/**
 * Runs reads of a chain. All that are asked in one tick of the event loop share a snapshot, and so its beginning, its clock and
 * its end, which would cost more than most reads. If one of them fails, the others are read again, each for itself.
 */
export class PostgresReadEngine implements ReadEngine {
  readonly #db: PostgresDatabase
  readonly #of: ClockNature & { readonly fixed: FixedClasses }
  readonly #rows: ClockRows
  #remembered: Remembered | undefined
  readonly #add = gatherPerTick<Waiting>((waiting) => void this.#runAll(waiting))

  /** `db`: a view of the chain's schemas. */
  constructor(db: PostgresDatabase, of: ClockNature & { readonly fixed: FixedClasses }) {
    this.#db = db
    this.#of = of
    this.#rows = new ClockRows(of)
  }

  read<T>(work: (context: ReadContext) => Query<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const run = async (queries: Queries, context: ReadContext): Promise<void> => {
        resolve(await this.#db.guarded(() => runQuery(queries, work(context))))
      }
      this.#add({ run, fail: reject })
    })
  }

  async #runAll(waiting: readonly Waiting[]): Promise<void> {
    const again: Waiting[] = []
    const runOne = async (one: Waiting, queries: Queries, context: ReadContext): Promise<void> => {
      try {
        await one.run(queries, context)
      } catch (error) {
        if (waiting.length > 1 && isOfFailedTransaction(error)) again.push(one)
        else one.fail(error)
      }
    }
    try {
      await this.#db.snapshot(async (queries) => {
        const stored = await runQuery(queries, this.#rows.read())
        const remembered = this.#rememberedAt(stored)
        const context: ReadContext = {
          codec: this.#of.codec,
          clock: this.#of.own ? asOwn(stored) : stored,
          assets: remembered.assets,
          readsWholeLists: false,
          hasEndings: remembered.hasEndings,
        }
        await Promise.all(waiting.map((one) => runOne(one, queries, context)))
        remembered.hasEndings = context.hasEndings
      })
    } catch (error) {
      // Those that were answered before stay so.
      for (const { fail } of waiting) fail(error)
    }
    for (const one of again) void this.#runAll([one])
  }

  /** Snapshots overlap: one that is older than what is remembered must not add to it. */
  #rememberedAt({ revision }: ChainClock): Remembered {
    if (this.#remembered?.revision === revision) return this.#remembered
    const fresh: Remembered = { revision, assets: new AssetTable(this.#of.fixed), hasEndings: undefined }
    if (this.#remembered === undefined || this.#remembered.revision < revision) this.#remembered = fresh
    return fresh
  }
}
