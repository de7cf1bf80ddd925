import { closeSync, fsync, openSync, rmSync } from 'node:fs'
import Database from 'better-sqlite3'
import { guardedFile, type SqliteDatabase } from '../database.ts'
import { makePrivateFile } from '../files.ts'
import { CHAIN_MIGRATIONS } from '../schema.ts'

/** Creates a chain's file with its empty tables, in place of any file of that name, and closes it. */
export function makeFreshFile(file: string): void {
  removeFile(file)
  makePrivateFile(file)
  const db = openUnlogged(file)
  try {
    for (const migration of CHAIN_MIGRATIONS) db.exec(migration)
    db.pragma(`user_version = ${CHAIN_MIGRATIONS.length}`)
  } finally {
    db.close()
  }
}

/** Opens a file that no other connection uses, without a journal: after a crash it is of no use. */
export function openUnlogged(file: string): SqliteDatabase {
  const db = new Database(file, { fileMustExist: true }) as SqliteDatabase
  db.pragma('journal_mode = OFF')
  db.pragma('synchronous = OFF')
  db.pragma('cache_size = -65536')
  db.pragma('temp_store = MEMORY')
  return db
}

/** Removes a database file with its log, if it exists. */
export function removeFile(file: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true })
}

/** Makes a file durable, while this thread does something else. @throws STORE_FULL, STORE_UNAVAILABLE */
export async function syncFile(file: string): Promise<void> {
  const fd = guardedFile(file, () => openSync(file, 'r+'))
  try {
    const failure = await new Promise<Error | null>((resolve) => fsync(fd, resolve))
    guardedFile(file, () => {
      if (failure !== null) throw failure
    })
  } finally {
    closeSync(fd)
  }
}
