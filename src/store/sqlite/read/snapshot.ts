import type { ReadEngine } from '../../engine/read-engine.ts'
import { AssetTable, type FixedClasses } from '../../queries/asset-table.ts'
import { asOwn, type ClockNature, ClockRows } from '../../queries/clock.ts'
import type { ReadContext } from '../../queries/context.ts'
import type { Query } from '../../queries/query.ts'
import type { ChainClock } from '../../seam/chain-clock.ts'
import type { StoredAsset } from '../../seam/store.ts'
import { guarded, int, type SqliteDatabase, type Statement } from '../database.ts'
import { SqliteQueries } from '../run-query.ts'
import { TickSnapshot } from './tick-snapshot.ts'

/** Contracts whose assets are kept between two commits, about 200 bytes each. */
const MAX_REFERENCES = 10_000

/** What a snapshot is of. `fixed`: classes that the configuration fixes. */
export type SnapshotOf = ClockNature & { readonly fixed: FixedClasses }

/** The snapshot of the current event-loop tick and its clock. All readers of one connection share it. */
export class Snapshot implements ReadEngine {
  readonly #db: SqliteDatabase
  readonly #of: SnapshotOf
  readonly #tick: TickSnapshot
  readonly #version: Statement
  readonly #queries: SqliteQueries
  readonly #rows: ClockRows
  /** Changes with every commit to the file. Undefined before the first read. */
  #seen: number | undefined
  /** As stored. */
  #clock: ChainClock
  readonly #context: { -readonly [K in keyof ReadContext]: ReadContext[K] }
  /** The assets of contracts that were asked for since the last commit: any commit may add an asset. */
  readonly #ofReference = new Map<string, readonly StoredAsset[]>()
  readonly contracts: NonNullable<ReadEngine['contracts']> = {
    get: (reference) => this.look(() => this.#ofReference.get(reference)),
    put: (reference, assets) => {
      if (this.#ofReference.size >= MAX_REFERENCES) this.#ofReference.clear()
      this.#ofReference.set(reference, assets)
    },
  }
  #isMoved = false

  constructor(db: SqliteDatabase, of: SnapshotOf) {
    this.#db = db
    this.#of = of
    this.#tick = new TickSnapshot(db)
    this.#version = db.prepare('PRAGMA data_version').pluck()
    this.#queries = new SqliteQueries(db)
    this.#rows = new ClockRows(of)
    this.#clock = this.#rows.unwritten
    this.#context = {
      codec: of.codec,
      clock: this.#clock,
      assets: new AssetTable(of.fixed),
      hasEndings: undefined,
    }
    this.#refresh()
  }

  /** Runs reads in this tick's snapshot. @throws STORE_UNAVAILABLE */
  read<T>(work: (context: ReadContext) => Query<T>): T {
    return guarded(this.#db, () => {
      if (this.#tick.enter()) this.#refresh()
      return this.#queries.run(work(this.#context))
    })
  }

  /** As `read`, of work that is no query. */
  look<T>(work: (clock: ChainClock) => T): T {
    return guarded(this.#db, () => {
      if (this.#tick.enter()) this.#refresh()
      return work(this.#context.clock)
    })
  }

  /** Releases the snapshot. The next read in this tick takes a new one. */
  renew(): void {
    guarded(this.#db, () => this.#tick.leave())
  }

  /** Forgets what was read: the connection moved to another file. */
  moved(): void {
    this.#seen = undefined
    this.#rows.forget()
    this.#isMoved = true
  }

  /** Reads the clock, if anything was committed since it was read, and forgets what may have changed with it. */
  #refresh(): void {
    const version = int(this.#version.get())
    if (version !== this.#seen) {
      const { revision } = this.#clock
      this.#clock = this.#queries.run(this.#rows.read())
      this.#seen = version
      this.#ofReference.clear()
      if (this.#isMoved || this.#clock.revision !== revision) {
        this.#context.assets.forget()
        this.#context.hasEndings = undefined
      }
      this.#isMoved = false
    }
    this.#context.clock = this.#of.own ? asOwn(this.#clock) : this.#clock
  }
}
