import { randomBytes } from 'node:crypto'
import { existsSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ServiceError } from '../../core/errors.ts'

const FILE = 'steelyard.reserve'
/** Room for opening files, in bytes: SQLite's index of a log is 32 KiB per file, and a store has some files. */
const RESERVE_BYTES = 256 * 1024
/** The reserve is created only if this much is free, in bytes: it must not fill the disk itself. */
const WANTED_FREE_BYTES = 4 * RESERVE_BYTES

/**
 * Reserves disk space for the next start: on a full disk a file cannot even be opened, and releasing the reserve makes
 * that possible. Returns true if the reserve exists or was created now.
 */
export function keepReserve(folder: string): boolean {
  const file = join(folder, FILE)
  if (existsSync(file)) return true
  try {
    const { bavail, bsize } = statfsSync(folder)
    if (bavail * bsize < WANTED_FREE_BYTES) return false
    // Random bytes, so that no file system compresses them away.
    writeFileSync(file, randomBytes(RESERVE_BYTES), { mode: 0o600 })
    return true
  } catch {
    rmSync(file, { force: true })
    return false
  }
}

/** True if more space is free than one small write needs. A disk with only its last pages free counts as full. */
export function hasRoom(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize >= RESERVE_BYTES
  } catch {
    return true
  }
}

/** The error of a ledger that must not write any more. */
export function noRoom(folder: string): ServiceError {
  const message = `the disk of ${folder} has no room to write: the ledger is read-only until space is free again`
  return new ServiceError('STORE_FULL', message, { fields: { folder } })
}

/** Deletes the reserve. Returns false if there was none. */
export function releaseReserve(folder: string): boolean {
  const file = join(folder, FILE)
  if (!existsSync(file)) return false
  rmSync(file, { force: true })
  return true
}
