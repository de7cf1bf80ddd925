import type { TableEngine } from '../engine/table-engine.ts'
import type { Query } from '../queries/query.ts'
import { guarded, type SqliteDatabase, type Statement } from './database.ts'
import { TickSnapshot } from './read/tick-snapshot.ts'
import { SqliteQueries } from './run-query.ts'

/** Two connections to a file of stored reads. `reader` never writes. */
export type NotedFile = { readonly writer: SqliteDatabase; readonly reader: SqliteDatabase }

/** Runs queries about the stored reads of a chain's nodes. All reads of one tick of the event loop share a snapshot, unless they follow a write. */
export class SqliteNotedEngine implements TableEngine {
  readonly #writer: SqliteDatabase
  readonly #tick: TickSnapshot
  readonly #reads: SqliteQueries
  readonly #writes: SqliteQueries
  readonly #version: Statement
  #seen: unknown
  #state = 0

  constructor({ writer, reader }: NotedFile) {
    this.#writer = writer
    this.#tick = new TickSnapshot(reader)
    this.#reads = new SqliteQueries(reader)
    this.#writes = new SqliteQueries(writer)
    this.#version = reader.prepare('PRAGMA data_version').pluck()
  }

  read<T>(work: (state: number) => Query<T>): T {
    return guarded(this.#writer, () => {
      if (this.#tick.enter()) this.#look()
      return this.#reads.run(work(this.#state))
    })
  }

  write<T>(work: () => Query<T>): T {
    return guarded(this.#writer, () => {
      const done = this.#writer.transaction(() => this.#writes.run(work())).immediate()
      // A read in the same tick must already see these rows.
      this.#tick.leave()
      return done
    })
  }

  /** Notices writes of any other connection: also of the one that writes here. */
  #look(): void {
    const seen = this.#version.get()
    if (seen !== this.#seen) this.#state++
    this.#seen = seen
  }
}
