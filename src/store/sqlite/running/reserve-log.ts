import { statSync } from 'node:fs'
import type { SqliteDatabase } from '../database.ts'

/** Bytes that are reserved in the write-ahead log, so that reports can be written on a full disk. */
const RESERVED_BYTES = 512 * 1024
/** The log is copied into the file after this many pages of 4 KiB, which is less than what is reserved. */
const CHECKPOINT_PAGES = 64

/**
 * Makes the write-ahead log as long as it ever gets, so that later writes need no new space. Does nothing on a disk that is
 * full already.
 */
export function reserveLog(db: SqliteDatabase): void {
  db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
  if ((statSync(`${db.name}-wal`, { throwIfNoEntry: false })?.size ?? 0) >= RESERVED_BYTES) return
  try {
    db.transaction(() => {
      db.exec('CREATE TABLE reserved (bytes BLOB)')
      db.prepare('INSERT INTO reserved VALUES (zeroblob(?))').run(RESERVED_BYTES)
      db.exec('DROP TABLE reserved')
    }).immediate()
  } catch {
    // The reports may still fit. If not, each says so itself.
  }
}
