import { createHash } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { ChainId } from '../../../core/chain.ts'
import { ServiceError, systemCode } from '../../../core/errors.ts'
import type { Target } from '../target.ts'

const FOLDER_MODE = 0o700
const OTHERS = 0o077
const DIGITS = 8
const FULL = new Set(['ENOSPC', 'EDQUOT'])

/** Where bulk loads into databases keep what they fetched, if the configuration does not say. */
export function defaultLoadFolder(): string {
  return join(tmpdir(), `steelyard-load-${process.getuid?.() ?? 0}`)
}

/** The folder of one chain's bulk load. `all`: of all chains and stores. */
export class LoadFolder {
  readonly path: string
  readonly #all: string

  constructor(all: string, { place, schema }: Pick<Target, 'place' | 'schema'>, chain: ChainId) {
    const store = createHash('sha256').update(`${place} ${schema}`).digest('hex').slice(0, DIGITS)
    this.#all = all
    this.path = join(all, `${schema}_${store}_${chain.replace(':', '_')}.bulk`)
  }

  /** Where the rows of the tables wait. */
  get rows(): string {
    return join(this.path, 'rows')
  }

  /**
   * Creates the folder unless it is there, and returns the bytes that are free on its disk.
   * @throws STORE_UNAVAILABLE it cannot be written, or other users could change what is in it
   */
  make(): number {
    return this.guarded(() => {
      for (const folder of [this.#all, this.path]) {
        mkdirSync(folder, { recursive: true, mode: FOLDER_MODE })
        assertPrivate(folder)
      }
      const { bavail, bsize } = statfsSync(this.path)
      return bavail * bsize
    })
  }

  exists(): boolean {
    return existsSync(this.path)
  }

  /** The name of the load that goes on in the folder; undefined if none does. */
  load(): string | undefined {
    return this.guarded(() => (existsSync(this.#name) ? readFileSync(this.#name, 'utf8') : undefined))
  }

  /** Names the load of the folder, which is there. */
  begin(load: string): void {
    this.guarded(() => writeFileSync(this.#name, load))
  }

  get #name(): string {
    return join(this.path, 'load')
  }

  /** Removes the folder with all that is in it, if it is there. It is whole, or no load goes on from it. */
  remove(): void {
    const old = `${this.path}.old`
    this.guarded(() => {
      if (existsSync(old)) rmSync(old, { recursive: true })
      if (!existsSync(this.path)) return
      renameSync(this.path, old)
      rmSync(old, { recursive: true })
    })
  }

  /** Runs work on files of the folder. @throws STORE_FULL, STORE_UNAVAILABLE */
  guarded<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw folderError(error, this.path)
    }
  }
}

/** What other users may write there, they could pass off as blocks of the chain. */
function assertPrivate(folder: string): void {
  const found = lstatSync(folder)
  const uid = process.getuid?.()
  const isOurs = found.isDirectory() && (uid === undefined || (found.uid === uid && (found.mode & OTHERS) === 0))
  if (isOurs) return
  const says = 'is not a folder of this user alone: remove it, chmod 700 it, or set load_folder in the configuration'
  throw new ServiceError('STORE_UNAVAILABLE', `${folder} ${says}`)
}

/** The error of a file in a folder of a load. */
export function folderError(error: unknown, path: string): unknown {
  const system = systemCode(error)
  if (system === undefined) return error
  const fields = { system, folder: dirname(path) }
  if (FULL.has(system)) {
    const says = `there is no room for a bulk load in ${path} (${system}): make room, or set load_folder to another disk`
    return new ServiceError('STORE_FULL', says, { cause: error, fields })
  }
  const says = `cannot use ${path} for a bulk load (${system}): correct its permissions, or set load_folder`
  return new ServiceError('STORE_UNAVAILABLE', says, { cause: error, fields })
}
