import { closeSync, openSync, readSync } from 'node:fs'
import { LOCK_PAGE, PAGE_BYTES, PageRuns, writeAll } from './page-runs.ts'

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

/** The pages of a SQLite file that no connection has open, and its header. */
export class PageFile extends PageRuns {
  readonly #fd: number
  readonly #header = Buffer.alloc(HEADER_BYTES)

  /** `pages`: the first new page follows this one; the file's own last page if not given. */
  constructor(file: string, pages?: number) {
    const fd = openSync(file, 'r+')
    super(file, fd, new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
    this.#fd = fd
    readSync(fd, this.#header, 0, HEADER_BYTES, 0)
    if (this.#header.readUInt16BE(PAGE_SIZE_AT) !== PAGE_BYTES) throw new Error(`${file} has pages of another size`)
    const own = this.#header.readUInt32BE(PAGES_AT)
    this.last[0] = pages ?? own
    if (pages === undefined) return
    // Pages that are skipped are free.
    for (let page = own + 1; page <= pages; page++) if (page !== LOCK_PAGE) this.release(page)
  }

  /** Puts unused pages on the freelist, and writes the header. */
  close(): void {
    this.endRuns()
    const trunk = this.#writeFreelist()
    const [pages = 0] = this.last
    const header = this.#header
    const changes = header.readUInt32BE(CHANGES_AT) + 1
    header.writeUInt32BE(changes, CHANGES_AT)
    header.writeUInt32BE(pages, PAGES_AT)
    header.writeUInt32BE(trunk, FREE_TRUNK_AT)
    header.writeUInt32BE(this.free.length, FREE_PAGES_AT)
    header.writeUInt32BE(changes, VALID_FOR_AT)
    writeAll(this.#fd, header, 0)
    // A file whose last pages are free must still be that long.
    writeAll(this.#fd, Buffer.alloc(1), pages * PAGE_BYTES - 1)
    closeSync(this.#fd)
  }

  /** Closes a file that is not to be used. */
  abandon(): void {
    closeSync(this.#fd)
  }

  /** Returns the first trunk page; 0 if there is none. */
  #writeFreelist(): number {
    let next = 0
    for (let at = 0; at < this.free.length; at += LEAVES_OF_TRUNK + 1) {
      const [trunk = 0, ...leaves] = this.free.slice(at, at + LEAVES_OF_TRUNK + 1)
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
