import { mkdirSync, rmSync, statfsSync } from 'node:fs'
import { assert } from '../../../core/assert.ts'
import type { Header } from '../../../core/block.ts'
import type { BuildTarget, BulkStore } from '../../seam/bulk-load.ts'
import { logDamaged } from '../../seam/log-damage.ts'
import type { StoredChain, StoredExtent } from '../../seam/stored-chain.ts'
import { extentOf, openStoredChain } from '../bulk/stored-chain.ts'
import { guardedFile, int } from '../database.ts'
import { openWriter } from '../facts-file.ts'
import { isThere } from '../files.ts'
import type { Generations } from '../generations.ts'
import type { MovableDatabase } from '../movable-database.ts'
import { readOptionalHeader } from '../rows/header-rows.ts'
import { carryOver } from './carry-over.ts'
import type { JournalOptions, JournalStep } from './journal-options.ts'
import { prepareJournal } from './journal-statements.ts'
import { createWriters } from './journal-writers.ts'

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
    return extentOf(this.#parts.db)
  }

  open(): StoredChain | undefined {
    const { db, codec } = this.#parts
    return openStoredChain(db.name, codec)
  }

  target(): BuildTarget {
    const { chain, coverage, fixed, generations } = this.#parts
    return { chain, coverage, fixed: [...fixed], place: generations.nextPath() }
  }

  async publish({ place }: BuildTarget): Promise<Header> {
    const { db, generations, onStep, transaction, moved } = this.#parts
    const next = openWriter(place)
    let through: Header | undefined
    try {
      transaction(() => {
        through = this.#carryOver(next)
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
    const { db, generations, transaction } = this.#parts
    if (!guardedFile(this.folder, () => isThere(this.folder))) return
    transaction(() => db.exec('DELETE FROM repaired'))
    guardedFile(this.folder, () => {
      generations.removeOthers()
      rmSync(this.folder, { recursive: true, force: true })
    })
  }

  #carryOver(next: MovableDatabase['connection']): Header {
    const { db, codec, coverage, fixed } = this.#parts
    return guardedFile(next.name, () => {
      const [before, through] = [db, next].map((file) => readOptionalHeader(prepareJournal(file).clock.get() ?? []))
      assert(through !== undefined, 'a built generation has blocks')
      assert(before === undefined || before.number <= through.number, 'published blocks stay published')
      const writers = createWriters({ db: next, codec, coverage, fixed }, () => undefined)
      carryOver({ db: next, writers, codec, before: db.name })
      const [stored, built] = [db, next].map((file) => int(file.prepare('SELECT transfers FROM clock').pluck().get()))
      if ((built ?? 0) < (stored ?? 0)) throw logDamaged(`${built} transfers were built, but ${stored} are published`)
      return through
    })
  }
}
