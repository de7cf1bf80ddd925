import { realpathSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import Database from 'better-sqlite3'
import type { StoreUse } from '../engine/engine.ts'
import { guardedFile } from './database.ts'
import { isThere, MAIN_FILE } from './files.ts'

/** Which folder a path leads to, and whether another connection is on its authoritative file. Creates nothing. */
export function sqliteUse(folder: string): StoreUse {
  const path = resolve(folder)
  return guardedFile(path, () => {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
    const identity = stat === undefined ? path : `${stat.dev}:${stat.ino}`
    const place = stat === undefined ? path : realpathSync(path)
    return { identity, place, isUsed: isUsed(join(path, MAIN_FILE)) }
  })
}

/** True if any process has a file open: each connection holds a lock on it, also while it does nothing. */
function isUsed(file: string): boolean {
  if (!isThere(file)) return false
  const db = new Database(file, { fileMustExist: true, timeout: 0 })
  try {
    db.pragma('locking_mode = EXCLUSIVE')
    db.exec('BEGIN IMMEDIATE; ROLLBACK')
    return false
  } catch (error) {
    if (error instanceof Database.SqliteError && error.code === 'SQLITE_BUSY') return true
    throw error
  } finally {
    db.close()
  }
}
