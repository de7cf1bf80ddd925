import { HEADER_COLUMNS } from '../../rows/header-rows.ts'
import type { SqliteDatabase, Statement } from '../database.ts'

/** The prepared statements of a journal. */
export type JournalStatements = ReturnType<typeof prepareJournal>

/** The journal's statements, prepared once. */
export function prepareJournal(db: SqliteDatabase) {
  const sql = (text: string): Statement => db.prepare(text)
  return {
    fence: sql('SELECT fence FROM chain').pluck(),
    clock: sql(`SELECT ${HEADER_COLUMNS}, finalized_number, finalized_hash FROM clock`).raw(),
  }
}
