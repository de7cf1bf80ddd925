import { closeSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs'
import { guardedFile } from '../database.ts'

/** Bytes of a page: SQLite's default, which all our files have. */
export const PAGE_BYTES = 4096

/**
 * The page that holds SQLite's lock bytes, at offset 1 GiB. It must never be used
 * (https://sqlite.org/fileformat2.html#the_lock_byte_page).
 */
export const LOCK_PAGE = 0x4000_0000 / PAGE_BYTES + 1

const HEADER_BYTES = 100
/** Where the file's header has these (https://sqlite.org/fileformat2.html#the_database_header). */
const PAGE_SIZE_AT = 16
const CHANGES_AT = 24
const PAGES_AT = 28
const FREE_TRUNK_AT = 32
const FREE_PAGES_AT = 36
const VALID_FOR_AT = 92
/** Leaves that one trunk page of the freelist names: fewer than fit, as SQLite itself leaves the last six free. */
const LEAVES_OF_TRUNK = PAGE_BYTES / 4 - 8

/** The pages of a SQLite file that no connection has open. New pages come in runs, at the end. */
export class PageFile {
  readonly #file: string
  readonly #fd: number
  readonly #header = Buffer.alloc(HEADER_BYTES)
  #pages: number
  readonly #free: number[] = []

  /** `pages`: the first new page follows this one; the file's own last page if not given. */
  constructor(file: string, pages?: number) {
    this.#file = file
    this.#fd = openSync(file, 'r+')
    readSync(this.#fd, this.#header, 0, HEADER_BYTES, 0)
    if (this.#header.readUInt16BE(PAGE_SIZE_AT) !== PAGE_BYTES) throw new Error(`${file} has pages of another size`)
    const own = this.#header.readUInt32BE(PAGES_AT)
    this.#pages = own
    if (pages === undefined) return
    // Pages that are skipped are free.
    for (let page = own + 1; page <= pages; page++) if (page !== LOCK_PAGE) this.#free.push(page)
    this.#pages = pages
  }

  /** Returns the first of so many new pages in a row. */
  run(count: number): number {
    let first = this.#pages + 1
    if (first <= LOCK_PAGE && LOCK_PAGE < first + count) {
      for (let page = first; page < LOCK_PAGE; page++) this.#free.push(page)
      first = LOCK_PAGE + 1
    }
    this.#pages = first + count - 1
    return first
  }

  /** Marks a page as one that is not used. */
  release(page: number): void {
    this.#free.push(page)
  }

  /** Writes the pages in `bytes` from one page on. @throws STORE_FULL, STORE_UNAVAILABLE */
  write(bytes: Buffer, page: number): void {
    guardedFile(this.#file, () => writeAll(this.#fd, bytes, (page - 1) * PAGE_BYTES))
  }

  /** Puts unused pages on the freelist, writes the header, and makes all durable. */
  close(): void {
    const trunk = this.#writeFreelist()
    const header = this.#header
    const changes = header.readUInt32BE(CHANGES_AT) + 1
    header.writeUInt32BE(changes, CHANGES_AT)
    header.writeUInt32BE(this.#pages, PAGES_AT)
    header.writeUInt32BE(trunk, FREE_TRUNK_AT)
    header.writeUInt32BE(this.#free.length, FREE_PAGES_AT)
    header.writeUInt32BE(changes, VALID_FOR_AT)
    writeAll(this.#fd, header, 0)
    // A file whose last pages are free must still be that long.
    writeAll(this.#fd, Buffer.alloc(1), this.#pages * PAGE_BYTES - 1)
    fsyncSync(this.#fd)
    closeSync(this.#fd)
  }

  /** Closes a file that is not to be used. */
  abandon(): void {
    closeSync(this.#fd)
  }

  /** Returns the first trunk page; 0 if there is none. */
  #writeFreelist(): number {
    let next = 0
    for (let at = 0; at < this.#free.length; at += LEAVES_OF_TRUNK + 1) {
      const [trunk = 0, ...leaves] = this.#free.slice(at, at + LEAVES_OF_TRUNK + 1)
      const page = Buffer.alloc(PAGE_BYTES)
      page.writeUInt32BE(next, 0)
      page.writeUInt32BE(leaves.length, 4)
      for (const [index, leaf] of leaves.entries()) page.writeUInt32BE(leaf, 8 + 4 * index)
      this.write(page, trunk)
      next = trunk
    }
    return next
  }
}

function writeAll(fd: number, bytes: Buffer, offset: number): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, offset + at)
}
