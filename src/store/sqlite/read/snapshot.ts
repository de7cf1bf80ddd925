import type { ChainClock } from '../../seam/chain-clock.ts'
import { guarded, type SqliteDatabase } from '../database.ts'
import { type ClockNature, ClockReader } from './clock-reader.ts'
import { TickSnapshot } from './tick-snapshot.ts'

/** The snapshot of the current event-loop tick and its clock. All readers of one connection share it. */
export class Snapshot {
  readonly #db: SqliteDatabase
  readonly #tick: TickSnapshot
  readonly #reader: ClockReader
  #clock: ChainClock
  readonly #whenClassesChange: (() => void)[] = []
  readonly #whenCommitted: (() => void)[] = []
  #isMoved = false

  constructor(db: SqliteDatabase, nature: ClockNature) {
    this.#db = db
    this.#tick = new TickSnapshot(db)
    this.#reader = new ClockReader(db, nature)
    this.#clock = this.#reader.read()
  }

  /** The clock of the newest snapshot. */
  get clock(): ChainClock {
    return this.#clock
  }

  /** Runs reads in this tick's snapshot and passes them its clock. @throws STORE_UNAVAILABLE */
  read<T>(work: (clock: ChainClock) => T): T {
    return guarded(this.#db, () => {
      if (this.#tick.enter()) this.#refresh()
      return work(this.#clock)
    })
  }

  /** Releases the snapshot. The next read in this tick takes a new one. */
  renew(): void {
    guarded(this.#db, () => this.#tick.leave())
  }

  /** Forgets what was read: the connection moved to another file. */
  moved(): void {
    this.#reader.forget()
    this.#isMoved = true
  }

  /** Calls `forget` whenever the classes of assets have changed. */
  onClassesChange(forget: () => void): void {
    this.#whenClassesChange.push(forget)
  }

  /** Calls `forget` before the first read of a snapshot that may differ from the one before in any row. */
  onCommit(forget: () => void): void {
    this.#whenCommitted.push(forget)
  }

  #refresh(): void {
    const { revision } = this.#clock
    const { version } = this.#reader
    this.#clock = this.#reader.read()
    if (this.#reader.version !== version) for (const forget of this.#whenCommitted) forget()
    const isChanged = this.#isMoved || this.#clock.revision !== revision
    this.#isMoved = false
    if (isChanged) for (const forget of this.#whenClassesChange) forget()
  }
}
