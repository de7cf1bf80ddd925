import { chmodSync, closeSync, mkdirSync, openSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import type { ChainId } from '../../core/chain.ts'
import { systemCode } from '../../core/errors.ts'

/** The file of everything that cannot be rebuilt from nodes: keys, users, prices, custody and the issuer's ledger. */
export const MAIN_FILE = 'steelyard.db'

/** The file of when keys were last used. It is written often, and losing it does no harm. */
export const USES_FILE = 'key-uses.db'

/** The file of what running processes tell each other. Losing it does no harm. */
export const RUNNING_FILE = 'running.db'

const READS_END = '.reads.db'

/** Permissions of a store's folder and files: only the process's own user has access. */
const FOLDER_MODE = 0o700
const FILE_MODE = 0o600
const OTHERS = 0o077

/** True if something with this name exists. Throws other errors of the file system. */
export function isThere(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false }) !== undefined
}

/**
 * Creates a store's folder if it is missing, with access for its owner only. An existing folder keeps its permissions.
 */
export function makeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: FOLDER_MODE })
}

/**
 * Creates an empty file if it is missing, with access for its owner only. Removes the permissions of others from an
 * existing file. SQLite gives the files beside it (`-wal`, `-shm`) the same permissions.
 */
export function makePrivateFile(file: string): void {
  try {
    closeSync(openSync(file, 'wx', FILE_MODE))
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
    for (const end of ['', '-wal', '-shm']) keepPrivate(file + end)
  }
}

function keepPrivate(file: string): void {
  try {
    const { mode } = statSync(file)
    if ((mode & OTHERS) !== 0) chmodSync(file, mode & ~OTHERS & 0o7777)
  } catch (error) {
    // The file is missing, belongs to another user, or is on a read-only disk. Opening it reports what matters.
    if (systemCode(error) === undefined) throw error
  }
}

/** A chain's id as a file name: `eip155:1` is `eip155_1`. Ids contain no other character that a file system rejects. */
export function fileName(chain: ChainId): string {
  return chain.replace(':', '_')
}

/** The file of a chain's facts. */
export function factsFile(chain: ChainId): string {
  return `${fileName(chain)}.db`
}

/** The file of chain reads: what nodes returned for a chain. */
export function readsFile(chain: ChainId): string {
  return `${fileName(chain)}${READS_END}`
}

/** What an operator can do about a damaged file. */
export function remedyOf(file: string): string {
  const name = basename(file)
  if (name === MAIN_FILE)
    return 'stop the server, move the file away and run "steelyard restore" with a backup: nothing else holds its content'
  if (name.endsWith(READS_END)) {
    return `stop the server, delete ${file} with its -wal and -shm, and start again: it holds only answers of nodes`
  }
  if (name === USES_FILE) {
    return `stop the server, delete ${file} with its -wal and -shm, and start again: it records only when keys were used`
  }
  if (name === RUNNING_FILE) {
    return `stop the server, delete ${file} with its -wal and -shm, and start again: it holds only what running processes tell each other`
  }
  return `stop the server, run "steelyard reset ${chainOf(name)}", and start again: the chain is indexed anew`
}

/** What an operator can do about a file that was deleted or replaced while the server runs. */
export function remedyOfReplaced(file: string): string {
  const name = basename(file)
  if (name === MAIN_FILE) {
    return 'move it back; or stop the server, put the right file in its place, and start again'
  }
  if (name.endsWith(READS_END)) {
    return (
      `stop the server, put the right file in its place or delete ${file} with its -wal and -shm, and start again: ` +
      'it holds only answers of nodes'
    )
  }
  return (
    `stop the server, put the right file in its place or run "steelyard reset ${chainOf(name)}", and start again: ` +
    'what the file lacks is indexed anew'
  )
}

/**
 * The chain of a facts file, of any generation. A namespace has no underscore, so the first one replaces the colon, and an
 * id has no dot.
 */
function chainOf(name: string): string {
  return name.replace(/(?:\.g\d+)?\.db$/, '').replace('_', ':')
}
