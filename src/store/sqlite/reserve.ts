import { randomBytes } from 'node:crypto'
import { existsSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ServiceError } from '../../core/errors.ts'

const FILE = 'steelyard.reserve'
/** Room for what opening files takes, in bytes: SQLite's index of a log is 32 KiB a file, and a store has some files. */
const RESERVE_BYTES = 256 * 1024
/** The reserve is made where so much is free, in bytes: it must not be what fills the disk. */
const WANTED_FREE_BYTES = 4 * RESERVE_BYTES

/**
 * Room on the disk that is kept for the next start: a file that cannot even be opened on a full disk can be read once the
 * reserve is given back. True where the reserve is there, or was made now.
 */
export function keepReserve(folder: string): boolean {
  const file = join(folder, FILE)
  if (existsSync(file)) return true
  try {
    const { bavail, bsize } = statfsSync(folder)
    if (bavail * bsize < WANTED_FREE_BYTES) return false
    // Random, so that no file system stores it as nothing.
    writeFileSync(file, randomBytes(RESERVE_BYTES), { mode: 0o600 })
    return true
  } catch {
    rmSync(file, { force: true })
    return false
  }
}

/** True where more than what one small write takes is free: a disk that is full to its last pages is full. */
export function hasRoom(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize >= RESERVE_BYTES
  } catch {
    return true
  }
}

/** What a ledger says that must not write any more. */
export function noRoom(folder: string): ServiceError {
  const message = `the disk of ${folder} has no room to write: the ledger is read-only until there is some again`
  return new ServiceError('STORE_FULL', message, { fields: { folder } })
}

/** Gives the reserve back to the disk; false where there was none. */
export function releaseReserve(folder: string): boolean {
  const file = join(folder, FILE)
  if (!existsSync(file)) return false
  rmSync(file, { force: true })
  return true
}
