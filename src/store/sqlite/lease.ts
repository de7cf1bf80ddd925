import Database from 'better-sqlite3'
import type { ChainId } from '../../core/chain.ts'
import { ServiceError } from '../../core/errors.ts'
import { makePrivateFile } from './files.ts'

/** The right to write a chain. */
export type Lease = { readonly release: () => void }

/**
 * Takes the right to write a chain: an exclusive lock that the operating system releases when the process ends, however
 * it ends. So no process waits for a dead writer, and no clock is involved.
 * @throws LEASE_HELD another process, or another part of this one, has it
 */
export function takeLease(file: string, chain: ChainId): Lease {
  makePrivateFile(file)
  const db = new Database(file, { timeout: 0 })
  try {
    db.pragma('locking_mode = EXCLUSIVE')
    db.exec('BEGIN EXCLUSIVE; CREATE TABLE IF NOT EXISTS lease (pid INTEGER); DELETE FROM lease;')
    db.prepare('INSERT INTO lease VALUES (?)').run(process.pid)
    db.exec('COMMIT')
  } catch (error) {
    db.close()
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) {
      throw new ServiceError('LEASE_HELD', `another process is writing ${chain}`, { cause: error, fields: { chain } })
    }
    throw error
  }
  return { release: () => db.close() }
}
