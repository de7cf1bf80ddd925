import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { ChainId } from '../../core/chain.ts'
import { ServiceError, systemCode } from '../../core/errors.ts'
import { factsFile, fileName, isThere, remedyOf } from './files.ts'

/** Permissions of the pointer: only the process's own user has access. */
const FILE_MODE = 0o600
/** Endings of a file and of those that SQLite puts beside it. */
const ENDS = ['', '-wal', '-shm']

/**
 * The generations of a chain's facts file. A bulk load builds each generation as a new file with a name of its own, since
 * a file that replaced an open one by name would be read with that one's log. A small pointer file names the current
 * generation; without it, that is the file of a chain that never had a bulk load.
 */
export class Generations {
  readonly #folder: string
  readonly #chain: ChainId

  constructor(folder: string, chain: ChainId) {
    this.#folder = folder
    this.#chain = chain
  }

  /** The pointer file. */
  get pointer(): string {
    return join(this.#folder, `${fileName(this.#chain)}.current`)
  }

  /**
   * The name of the current facts file.
   * @throws STORE_DAMAGED the pointer is lost: the file of no generation may be taken for the current one, nor be removed
   */
  current(): string {
    const name = readPointer(this.pointer)
    if (name !== undefined && this.#numberOf(name) !== undefined) return name
    const first = factsFile(this.#chain)
    // Until a generation is published, the first file is there. It is removed after that, and before no other.
    if (isThere(join(this.#folder, first))) return first
    const [other] = this.#numbered()
    if (other === undefined) return first
    const told = `${this.pointer} is lost, which names the current one of the files like ${other}`
    throw new ServiceError('STORE_DAMAGED', `${told}: ${remedyOf(other)}`, { fields: { file: this.pointer } })
  }

  /** The path of the current facts file. */
  currentPath(): string {
    return join(this.#folder, this.current())
  }

  /** The path of the generation after the current one. */
  nextPath(): string {
    return join(this.#folder, `${fileName(this.#chain)}.g${(this.#numberOf(this.current()) ?? 0) + 1}.db`)
  }

  /** Makes a file the current generation, so that after a crash or a power cut the old or the new one is current. */
  publish(path: string): void {
    const fresh = `${this.pointer}.new`
    const fd = openSync(fresh, 'w', FILE_MODE)
    try {
      writeSync(fd, `${path.slice(this.#folder.length + 1)}\n`)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    // Before the pointer names the file, its own name must be durable.
    syncFolder(this.#folder)
    renameSync(fresh, this.pointer)
    syncFolder(this.#folder)
  }

  /**
   * Removes all generations but the current one, and a raw log that was retired. Connections that have a generation open
   * still read it.
   */
  removeOthers(): void {
    const current = this.current()
    rmSync(this.#retiredLog, { force: true, recursive: true })
    for (const name of this.#names()) if (name !== current) this.#remove(name)
  }

  /** Removes all generations and the pointer, and the raw log of a bulk load. */
  removeAll(): void {
    for (const name of this.#names()) this.#remove(name)
    for (const file of [this.pointer, `${this.pointer}.new`]) rmSync(file, { force: true, recursive: true })
    for (const folder of [this.logFolder, this.#retiredLog]) rmSync(folder, { force: true, recursive: true })
  }

  /** The folder of the raw log of a bulk load. */
  get logFolder(): string {
    return join(this.#folder, `${fileName(this.#chain)}.bulk`)
  }

  /** Renames the folder of the raw log, so that no bulk load goes on from it: also not after a crash while it is removed. */
  retireLog(): void {
    rmSync(this.#retiredLog, { force: true, recursive: true })
    renameSync(this.logFolder, this.#retiredLog)
    syncFolder(this.#folder)
  }

  get #retiredLog(): string {
    return `${this.logFolder}.old`
  }

  #names(): string[] {
    // Generations first: see `current`.
    return [...this.#numbered(), factsFile(this.#chain)]
  }

  #numbered(): string[] {
    if (!isThere(this.#folder)) return []
    return readdirSync(this.#folder).filter((name) => this.#numberOf(name) !== undefined)
  }

  #remove(name: string): void {
    // Recursive: if a folder has the file's name, delete that too.
    for (const end of ENDS) rmSync(join(this.#folder, name + end), { force: true, recursive: true })
  }

  /** The number in a generation's file name; undefined if it is none. */
  #numberOf(name: string): number | undefined {
    const [start, end] = [`${fileName(this.#chain)}.g`, '.db']
    if (!name.startsWith(start) || !name.endsWith(end)) return undefined
    const number = name.slice(start.length, -end.length)
    return /^[1-9][0-9]{0,8}$/.test(number) ? Number(number) : undefined
  }
}

function readPointer(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}

function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
