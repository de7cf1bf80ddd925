import { closeSync, constants, existsSync, openSync, readdirSync, readFileSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { BlockRef } from '../../../core/block.ts'
import type { ChainId } from '../../../core/chain.ts'
import { ServiceError } from '../../../core/errors.ts'
import { fileName, MAIN_FILE } from '../files.ts'

const END = '.marker'
/** The fixed size of a marker in bytes. It is overwritten in place, so it needs no new space on a full disk. */
const BYTES = 256

/**
 * A small file beside the ledger's file that names the newest committed block. It reveals that the ledger's file was
 * deleted or replaced by an older copy. It is written after the commit, so it is never ahead of the file.
 */
export class LedgerMarker {
  readonly #file: string
  readonly #chain: ChainId

  constructor(folder: string, chain: ChainId) {
    this.#file = join(folder, fileName(chain) + END)
    this.#chain = chain
  }

  /**
   * Compares the ledger's file with the marker. `begun`: the file holds the ledger. `hashAt`: the hash of the file's
   * block at a number.
   * @throws STORE_REPLACED the file lacks a ledger that existed, or lacks its newest blocks
   */
  check({ begun, hashAt }: { readonly begun: boolean; readonly hashAt: (number: number) => string | undefined }): void {
    if (!existsSync(this.#file)) return
    const last = this.#read()
    if (!begun) throw lost(this.#file, `the ledger ${this.#chain} existed${named(last)}, but ${MAIN_FILE} holds none`)
    if (last === undefined || hashAt(last.number) === last.hash) return
    throw lost(
      this.#file,
      `the ledger ${this.#chain} had${named(last)}, which ${MAIN_FILE} does not hold: it is an older copy`,
    )
  }

  /** Records the newest block. If the write fails, the marker stays behind the file, which is safe. */
  write({ number, hash }: BlockRef): void {
    const text = `${JSON.stringify({ chain: this.#chain, number, hash })}`.padEnd(BYTES - 1)
    try {
      const fd = openSync(this.#file, constants.O_CREAT | constants.O_WRONLY, 0o600)
      try {
        writeSync(fd, `${text}\n`, 0)
      } finally {
        closeSync(fd)
      }
    } catch {
      // The ledger itself is on disk. The marker only helps to detect its loss.
    }
  }

  /** The marker's block; undefined if it cannot be read. */
  #read(): BlockRef | undefined {
    try {
      const value: unknown = JSON.parse(readFileSync(this.#file, 'utf8'))
      if (typeof value !== 'object' || value === null || !('number' in value) || !('hash' in value)) return undefined
      const { number, hash } = value
      return typeof number === 'number' && typeof hash === 'string' ? { number, hash } : undefined
    } catch {
      return undefined
    }
  }
}

/**
 * Rejects a folder that held a ledger but whose authoritative file is gone, before an empty file is created.
 * @throws STORE_REPLACED
 */
export function assertLedgerNotLost(folder: string): void {
  const file = join(folder, MAIN_FILE)
  const size = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (size(file) > 0 || size(`${file}-wal`) > 0 || !existsSync(folder)) return
  const marker = readdirSync(folder).find((name) => name.startsWith('ledger_') && name.endsWith(END))
  if (marker === undefined) return
  throw lost(join(folder, marker), `a ledger existed here, but ${file} is ${existsSync(file) ? 'empty' : 'gone'}`)
}

function named(last: BlockRef | undefined): string {
  return last === undefined ? '' : ` block ${last.number} (${last.hash})`
}

function lost(marker: string, says: string): ServiceError {
  const message =
    `${marker} says that ${says}: restore ${MAIN_FILE} from its newest backup; or, to go on without what is missing, ` +
    `delete ${marker}`
  return new ServiceError('STORE_REPLACED', message, { fields: { file: marker } })
}
