import { carryOver } from '../../queries/carry/carry-over.ts'
import type { SqliteDatabase } from '../database.ts'
import type { JournalFile } from './journal-file.ts'

/**
 * The generation that is published, by its connection and journal, and the file of the one before. `published`: the last
 * block of that one; undefined if it has none.
 */
type Carried = {
  readonly db: SqliteDatabase
  readonly file: JournalFile
  readonly before: string
  readonly published: number | undefined
}

/** As `carryOver`, of two files. */
export function carryOverFile({ db, file, before, published }: Carried): void {
  db.prepare('ATTACH ? AS before').run(before)
  try {
    const { memory } = file
    const run = db.transaction(() => file.work(carryOver({ memory, published, forget: () => file.forget() })))
    // An immediate transaction would also lock the file before, whose writer waits for this one.
    run.deferred()
  } finally {
    db.exec('DETACH before')
  }
}
