import { readSync, writeSync } from 'node:fs'
import { guardedFile } from '../database.ts'

/** Bytes of a page: SQLite's default, which all our files have. */
export const PAGE_BYTES = 4096

/** Pages of a run: those that one level of a tree takes at a time, so that its pages lie side by side. */
export const RUN_PAGES = 64

/**
 * The page that holds SQLite's lock bytes, at offset 1 GiB. It must never be used
 * (https://sqlite.org/fileformat2.html#the_lock_byte_page).
 */
export const LOCK_PAGE = 0x4000_0000 / PAGE_BYTES + 1

/**
 * New pages of a SQLite file that no connection has open, in runs at its end. Several threads may take runs of one file:
 * `last` is the number of its last page, which they share.
 */
export class PageRuns {
  readonly last: Int32Array<SharedArrayBuffer>
  /** Pages that are not used. */
  readonly free: number[] = []
  readonly #file: string
  readonly #fd: number
  readonly #unused: number[] = []

  constructor(file: string, fd: number, last: SharedArrayBuffer) {
    this.#file = file
    this.#fd = fd
    this.last = new Int32Array(last)
  }

  /** Returns the first page of a run that nothing else uses. */
  run(): number {
    const unused = this.#unused.pop()
    if (unused !== undefined) return unused
    for (;;) {
      const last = Atomics.load(this.last, 0)
      const isCut = last < LOCK_PAGE && LOCK_PAGE <= last + RUN_PAGES
      const first = isCut ? LOCK_PAGE + 1 : last + 1
      if (Atomics.compareExchange(this.last, 0, last, first + RUN_PAGES - 1) !== last) continue
      for (let page = last + 1; page < first; page++) if (page !== LOCK_PAGE) this.free.push(page)
      return first
    }
  }

  /** Gives back a run whose pages are not needed any more. */
  reuse(first: number): void {
    this.#unused.push(first)
  }

  /** Adds the pages of runs that were given back, and of no other since, to the free ones. */
  endRuns(): void {
    for (const first of this.#unused.splice(0)) for (let at = 0; at < RUN_PAGES; at++) this.free.push(first + at)
  }

  /** Marks a page as one that is not used. */
  release(page: number): void {
    this.free.push(page)
  }

  /** Writes the pages in `bytes` from one page on. @throws STORE_FULL, STORE_UNAVAILABLE */
  write(bytes: Buffer, page: number): void {
    guardedFile(this.#file, () => writeAll(this.#fd, bytes, (page - 1) * PAGE_BYTES))
  }

  /** Reads a run into `to`. @throws STORE_UNAVAILABLE */
  readRun(to: Buffer, first: number): void {
    guardedFile(this.#file, () => {
      for (let at = 0; at < RUN_PAGES * PAGE_BYTES; ) {
        const got = readSync(this.#fd, to, at, RUN_PAGES * PAGE_BYTES - at, (first - 1) * PAGE_BYTES + at)
        if (got === 0) throw new Error(`${this.#file} was cut while it was written`)
        at += got
      }
    })
  }
}

/** Writes bytes at an offset of a file. */
export function writeAll(fd: number, bytes: Buffer, offset: number): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, offset + at)
}
