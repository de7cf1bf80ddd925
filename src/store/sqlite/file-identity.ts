import { statSync } from 'node:fs'
import { ServiceError } from '../../core/errors.ts'
import { remedyOfReplaced } from './files.ts'

/** What an open file consists of: its pages, its write-ahead log and the log's index. */
const ENDS = ['', '-wal', '-shm']

/** Readers look this often, in milliseconds: one look costs three `stat` calls, and a lost file still reads as it was. */
const LOOK_MS = 250

/**
 * The files behind open connections, by device and inode. What is written to a file that was deleted or replaced is lost
 * with it, so its path must still lead to the same file before a write and before the write is answered.
 */
export class FileIdentity {
  readonly #file: string
  /** By path; the log and its index are noted once they are there. */
  readonly #seen = new Map<string, string>()
  #nextLookAt = 0

  /** `file`: one that is open. */
  constructor(file: string) {
    this.#file = file
    for (const path of this.#paths()) {
      const identity = identityOf(path)
      if (identity !== undefined) this.#seen.set(path, identity)
    }
  }

  /** @throws STORE_REPLACED a path leads to another file, or to none */
  check(): void {
    for (const path of this.#paths()) {
      const [before, now] = [this.#seen.get(path), identityOf(path)]
      if (before === now) continue
      if (before === undefined && now !== undefined) {
        this.#seen.set(path, now)
        continue
      }
      const what = now === undefined ? 'was deleted or moved' : 'was replaced by another file'
      const message = `${path} ${what} while the server ran, so nothing more is written: ${remedyOfReplaced(this.#file)}`
      throw new ServiceError('STORE_REPLACED', message, { fields: { file: path } })
    }
  }

  /** As `check`, for readers: it looks a few times a second, however often it is called. @throws STORE_REPLACED */
  checkSometimes(): void {
    const now = performance.now()
    if (now < this.#nextLookAt) return
    this.check()
    this.#nextLookAt = now + LOOK_MS
  }

  #paths(): readonly string[] {
    return ENDS.map((end) => this.#file + end)
  }
}

/** Device and inode, undefined where there is no such file. */
function identityOf(path: string): string | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stat === undefined ? undefined : `${stat.dev}:${stat.ino}`
}
