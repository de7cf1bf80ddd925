import { mkdirSync, statfsSync } from 'node:fs'
import { assert } from '../../../core/assert.ts'
import type { Header } from '../../../core/block.ts'
import { storedExtent } from '../../queries/carry/stored-extent.ts'
import { readOptionalHeader } from '../../rows/header-rows.ts'
import type { BuildTarget, BulkStore } from '../../seam/bulk-load.ts'
import { logDamaged } from '../../seam/log-damage.ts'
import type { StoredChain, StoredExtent } from '../../seam/stored-chain.ts'
import { openStoredChain } from '../bulk/stored-chain.ts'
import { guarded, guardedFile, int, type SqliteDatabase } from '../database.ts'
import { openWriter } from '../facts-file.ts'
import { isThere } from '../files.ts'
import type { Generations } from '../generations.ts'
import type { MovableDatabase } from '../movable-database.ts'
import { SqliteQueries } from '../run-query.ts'
import { carryOverFile } from './carry-over.ts'
import { JournalFile } from './journal-file.ts'
import type { JournalOptions, JournalStep } from './journal-options.ts'
import { prepareJournal } from './journal-statements.ts'

/** What publishing needs of the journal. */
export type BulkParts = Pick<JournalOptions, 'chain' | 'codec' | 'coverage' | 'fixed'> & {
  readonly db: MovableDatabase
  readonly generations: Generations
  /** Runs work while no other process can write the chain. */
  readonly transaction: <T>(work: () => T) => T
  /** Forgets what the writers remember of the file. */
  readonly moved: () => void
  readonly onStep: (step: JournalStep) => void
}

/** The generations of a chain's file, as its writer makes them. */
export class SqliteBulk implements BulkStore {
  readonly isApart = false
  readonly refused = undefined
  readonly #parts: BulkParts

  constructor(parts: BulkParts) {
    this.#parts = parts
  }

  get folder(): string {
    return this.#parts.generations.logFolder
  }

  freeBytes(): number {
    return guardedFile(this.folder, () => {
      mkdirSync(this.folder, { recursive: true, mode: 0o700 })
      const { bavail, bsize } = statfsSync(this.folder)
      return bavail * bsize
    })
  }

  extent(): StoredExtent | undefined {
    const { db } = this.#parts
    const extent = guarded(db, () => new SqliteQueries(db).run(storedExtent()))
    return extent && { ...extent, isPinned: false }
  }

  open(): StoredChain | undefined {
    const { db, codec } = this.#parts
    return openStoredChain(db.name, codec)
  }

  target(): BuildTarget {
    const { chain, coverage, fixed, generations, db } = this.#parts
    const published = guardedFile(db.name, () => writtenBlock(db))
    return { engine: 'sqlite', chain, coverage, fixed: [...fixed], place: generations.nextPath(), published }
  }

  async publish({ place, published }: BuildTarget): Promise<Header> {
    const { db, generations, onStep, transaction, moved } = this.#parts
    const next = openWriter(place)
    let through: Header | undefined
    try {
      transaction(() => {
        assert(writtenBlock(db) === published, 'no block is written while a generation is built')
        through = this.#carryOver(next, published)
        onStep('publish:rows')
      })
      guardedFile(place, () => {
        next.pragma('wal_checkpoint(TRUNCATE)')
        onStep('publish:file')
        generations.publish(place)
      })
    } catch (error) {
      next.close()
      throw error
    }
    db.moveTo(next)
    moved()
    onStep('publish:pointer')
    guardedFile(place, () => generations.removeOthers())
    onStep('publish:done')
    assert(through !== undefined, 'a built generation has blocks')
    return through
  }

  async end(): Promise<void> {
    const { db, generations, onStep, transaction } = this.#parts
    if (!guardedFile(this.folder, () => isThere(this.folder))) return
    // In this order: a log without its repairs must never be built from.
    guardedFile(this.folder, () => generations.retireLog())
    onStep('end:log')
    transaction(() => db.exec('DELETE FROM repaired'))
    onStep('end:repairs')
    guardedFile(this.folder, () => generations.removeOthers())
  }

  #carryOver(next: MovableDatabase['connection'], published: number | undefined): Header {
    const { db, codec, coverage, fixed } = this.#parts
    return guardedFile(next.name, () => {
      const through = readOptionalHeader(prepareJournal(next).clock.get() ?? [])
      assert(through !== undefined, 'a built generation has blocks')
      assert(published === undefined || published <= through.number, 'published blocks stay published')
      const file = new JournalFile(next, { codec, coverage, fixed })
      carryOverFile({ db: next, file, before: db.name, published })
      const [stored, built] = [db, next].map((one) => int(one.prepare('SELECT transfers FROM clock').pluck().get()))
      if ((built ?? 0) < (stored ?? 0)) throw logDamaged(`${built} transfers were built, but ${stored} are published`)
      return through
    })
  }
}

/** The last block that a file has; undefined if none. */
function writtenBlock(db: SqliteDatabase): number | undefined {
  return readOptionalHeader(prepareJournal(db).clock.get() ?? [])?.number
}
