import { statSync } from 'node:fs'
import { ServiceError } from '../../core/errors.ts'
import { remedyOfReplaced } from './files.ts'

/** The endings of an open file's paths: its pages, its write-ahead log and the log's index. */
const ENDS = ['', '-wal', '-shm']

/**
 * Readers check this often, in milliseconds. One check costs three `stat` calls, and a lost file still returns its old
 * data.
 */
const LOOK_MS = 250

/**
 * The files behind open connections, by device and inode. Data written to a file that was deleted or replaced is lost
 * with it. So the path must lead to the same file before a write, and again before the write is answered.
 */
export class FileIdentity {
  readonly #file: string
  /** Device and inode by path. The log and its index are added once they exist. */
  readonly #seen = new Map<string, string>()
  #nextLookAt = 0

  /** `file`: a file that is open. */
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

  /** Like `check`, for readers: it checks a few times a second, however often it is called. @throws STORE_REPLACED */
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

/** Device and inode; undefined if there is no such file. */
function identityOf(path: string): string | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stat === undefined ? undefined : `${stat.dev}:${stat.ino}`
}
