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
    setClock: sql('UPDATE clock SET number = ?, hash = ?, parent = ?, timestamp = ?, transfers = transfers + ?'),
    setFinalized: sql('UPDATE clock SET finalized_number = ?, finalized_hash = ?'),
    headersFrom: sql(`SELECT ${HEADER_COLUMNS} FROM blocks WHERE number >= ? ORDER BY number`).raw(),
    insertBlock: sql('INSERT OR IGNORE INTO blocks VALUES (?, ?, ?, ?, ?)'),
    beat: sql(
      `INSERT INTO heartbeat VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
       state = excluded.state, head_number = excluded.head_number, head_hash = excluded.head_hash,
       head_parent = excluded.head_parent, head_timestamp = excluded.head_timestamp,
       caught_up_at = coalesce(excluded.caught_up_at, caught_up_at),
       caught_up_hash = iif(excluded.caught_up_at IS NULL, caught_up_hash, excluded.caught_up_hash),
       error = excluded.error, counts = excluded.counts, beat_at = excluded.beat_at,
       audit_error = excluded.audit_error`,
    ),
  }
}
