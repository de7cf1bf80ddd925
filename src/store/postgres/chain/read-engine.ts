import { gatherWhileBusy } from '../../../core/per-tick.ts'
import type { ReadEngine } from '../../engine/read-engine.ts'
import { AssetTable, type FixedClasses } from '../../queries/asset-table.ts'
import { asOwn, type ClockNature, ClockRows } from '../../queries/clock.ts'
import type { ReadContext } from '../../queries/context.ts'
import type { Query } from '../../queries/query.ts'
import type { ChainClock } from '../../seam/chain-clock.ts'
import type { PostgresDatabase, Queries } from '../database.ts'
import { askAhead, type Reading, readingOf, runTogether } from './reading.ts'
import { runQuery } from './run-query.ts'

/** What is remembered as long as no class of an asset changes. `revision`: of the clock. */
type Remembered = { readonly revision: number; readonly assets: AssetTable; hasEndings: boolean | undefined }

/** How a snapshot is read. */
type Snapshot = {
  readonly before?: ReadContext | undefined
  readonly began?: (() => void) | undefined
  readonly isAgain?: boolean
}

/**
 * Runs reads of a chain (decision 53). All that wait when a snapshot begins share it, and with it its beginning, its clock, its end and
 * the statements that are alike. If one of them fails, the others are read again.
 */
export class PostgresReadEngine implements ReadEngine {
  readonly #db: PostgresDatabase
  readonly #of: ClockNature & { readonly fixed: FixedClasses }
  readonly #rows: ClockRows
  #remembered: Remembered | undefined
  /** The context of the last snapshot. */
  #last: ReadContext | undefined
  readonly #add = gatherWhileBusy<Reading>((readings, began) => this.#read(readings, { before: this.#last, began }))

  /** `db`: a view of the chain's schemas. */
  constructor(db: PostgresDatabase, of: ClockNature & { readonly fixed: FixedClasses }) {
    this.#db = db
    this.#of = of
    this.#rows = new ClockRows(of)
  }

  read<T>(work: (context: ReadContext) => Query<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#add(readingOf(work, { resolve, reject, parse: (parse) => this.#db.read(parse) }))
    })
  }

  /** Every read sees what is committed when it begins. */
  renew(): void {}

  /**
   * Reads in one snapshot. `before`: a context, of which it is guessed what the reads will ask first: that is asked together with the clock.
   * `began` is called when both are answered. `isAgain`: a snapshot before this one may have been too old.
   */
  async #read(readings: readonly Reading[], { before, began, isAgain = false }: Snapshot): Promise<void> {
    let again: readonly Reading[] | undefined = []
    try {
      again = await this.#db.snapshot(async (transaction) => {
        const queries = { ...transaction, all: this.#guarded(transaction) }
        const clock = runQuery(queries, this.#rows.read())
        const ahead = before === undefined ? undefined : askAhead(queries, readings, before)
        const [stored] = await Promise.all([clock, ahead])
        // The tables took the place of others since the snapshot was taken, which shows none of their rows.
        if (stored.coverage === undefined && !isAgain) return undefined
        began?.()
        const remembered = this.#rememberedAt(stored)
        const context = this.#contextOf(stored, remembered)
        this.#last = context
        const failed = await runTogether(queries, readings, context)
        remembered.hasEndings = context.hasEndings
        return failed
      })
    } catch (error) {
      // Those that were answered before stay so.
      for (const reading of readings) reading.fail(error)
    }
    if (again === undefined) {
      for (const reading of readings) reading.unprepare()
      return this.#read(readings, { began, isAgain: true })
    }
    // Each time fewer of them share a snapshot, until the one that fails is alone.
    const middle = Math.ceil(again.length / 2)
    const parts = [again.slice(0, middle), again.slice(middle)].filter((part) => part.length > 0)
    await Promise.all(parts.map((part) => this.#read(part, {})))
  }

  /** Its failures are the store's. */
  #guarded({ all }: Queries): Queries['all'] {
    return (sql, ...values) => this.#db.guarded(() => all(sql, ...values))
  }

  #contextOf(stored: ChainClock, { assets, hasEndings }: Remembered): ReadContext {
    const { codec, own } = this.#of
    return { codec, clock: own ? asOwn(stored) : stored, assets, hasEndings }
  }

  /** Snapshots overlap: one that is older than what is remembered must not add to it. */
  #rememberedAt({ revision }: ChainClock): Remembered {
    if (this.#remembered?.revision === revision) return this.#remembered
    const fresh: Remembered = { revision, assets: new AssetTable(this.#of.fixed), hasEndings: undefined }
    if (this.#remembered === undefined || this.#remembered.revision < revision) this.#remembered = fresh
    return fresh
  }
}
