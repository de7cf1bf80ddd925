import { statSync } from 'node:fs'
import { isServiceError } from '../../core/errors.ts'
import { openDatabase, type SqliteDatabase } from './database.ts'
import type { Generations } from './generations.ts'
import { MovableDatabase } from './movable-database.ts'
import { CHAIN_MIGRATIONS } from './schema.ts'

/** Attempts to open the current generation: another one may become current meanwhile, and the file be removed. */
const OPEN_TRIES = 5

/** Opens a chain's facts file for its writer. */
export function openWriter(file: string): SqliteDatabase {
  return openDatabase({ file, migrations: CHAIN_MIGRATIONS, cache: 'writer', durable: false })
}

/** Opens a chain's facts file for readers. */
export function openReader(file: string): SqliteDatabase {
  return openDatabase({ file, migrations: CHAIN_MIGRATIONS, cache: 'reader', durable: false })
}

/** A connection to the current generation of a chain's facts, which moves when another one becomes current. */
export class CurrentFacts {
  readonly db: MovableDatabase
  readonly #generations: Generations
  readonly #open: (file: string) => SqliteDatabase
  /** What the pointer was when it was last read. */
  #seen: string
  #isChecked = false

  constructor(generations: Generations, open: (file: string) => SqliteDatabase) {
    this.#generations = generations
    this.#open = open
    this.#seen = this.#stamp()
    this.db = new MovableDatabase(this.#openCurrent())
  }

  /**
   * Moves to the current generation, looked up once in a tick of the event loop. Returns false if this connection has
   * another one open and a snapshot of it.
   */
  follow(isAgain = false): boolean {
    if (this.#isChecked && !isAgain) return true
    const stamp = this.#stamp()
    if (stamp !== this.#seen) {
      if (this.db.inTransaction) return false
      this.#seen = stamp
      if (this.#generations.currentPath() !== this.db.name) this.db.moveTo(this.#openCurrent())
    }
    this.#isChecked = true
    setImmediate(() => {
      this.#isChecked = false
    })
    return true
  }

  #openCurrent(): SqliteDatabase {
    for (let tries = 1; ; tries++) {
      const file = this.#generations.currentPath()
      try {
        const db = this.#open(file)
        if (this.#generations.currentPath() === file) return db
        db.close()
      } catch (error) {
        // A file of another generation that was removed while it was opened cannot be read.
        if (tries === OPEN_TRIES || !isServiceError(error)) throw error
        if (this.#generations.currentPath() === file) throw error
      }
    }
  }

  /** Changes with the pointer. */
  #stamp(): string {
    const stat = statSync(this.#generations.pointer, { bigint: true, throwIfNoEntry: false })
    return stat === undefined ? '' : `${stat.ino}:${stat.mtimeNs}`
  }
}
