import { PAGE_BYTES, type PageFile } from './page-file.ts'

/** Pages that one level of a tree takes at a time, so that its pages lie side by side. */
const RUN_PAGES = 64

/** Types and heads of pages of index trees (https://sqlite.org/fileformat2.html#b_tree_pages). */
const LEAF = { type: 10, headBytes: 8 }
const INTERIOR = { type: 2, headBytes: 12 }
const CHILD_BYTES = 4
const POINTER_BYTES = 2

/** Most bytes of a row that a cell of an index tree holds without an overflow page. */
export const MAX_ROW_BYTES = Math.floor(((PAGE_BYTES - 12) * 64) / 255) - 23

/** Room behind the cells of a page for the row that is being written. */
const ROW_ROOM = 4 * PAGE_BYTES

/**
 * Writes one index tree from rows in the order of its key, from the leaves up. The row that does not fit a page waits: if
 * another one follows, it becomes the divider of two pages, so that no page is empty.
 */
export class TreeWriter {
  readonly #leaves: Level
  readonly #root: number

  /** `root`: the tree's root page in the file. */
  constructor(file: PageFile, root: number) {
    this.#leaves = new Level(file, LEAF)
    this.#root = root
  }

  /** Where rows are written, from `at` on: the length of a row, and the row, at most MAX_ROW_BYTES long. */
  get cells(): Buffer {
    return this.#leaves.cells
  }

  /** Where in `cells` the next row begins. */
  get at(): number {
    return this.#leaves.at
  }

  /** Adds the row that was written from `at` to `end`. */
  add(end: number): void {
    this.#leaves.add(end)
  }

  /** Writes the rest of the tree. */
  finish(): void {
    this.#leaves.finish(this.#root, 0)
  }
}

/**
 * The pages of one level. A cell is, in interior pages, the page of a child; then the length of a row, and the row. Cells
 * are gathered one behind the other, and come to the end of their page as they are when that is full.
 */
class Level {
  /** The cells of the current page, and behind them room for another. */
  readonly cells = Buffer.alloc(PAGE_BYTES + ROW_ROOM)
  /** Where the next cell begins. */
  at = 0
  readonly #file: PageFile
  readonly #kind: typeof LEAF
  readonly #childBytes: number
  readonly #starts = new Uint16Array(PAGE_BYTES / 2)
  #count = 0
  readonly #run = Buffer.alloc(RUN_PAGES * PAGE_BYTES)
  #firstPage = 0
  #pages = RUN_PAGES
  #up: Level | undefined
  /** The cell that did not fit. */
  readonly #waiting = Buffer.alloc(PAGE_BYTES)
  #waitingBytes = 0

  constructor(file: PageFile, kind: typeof LEAF) {
    this.#file = file
    this.#kind = kind
    this.#childBytes = kind === INTERIOR ? CHILD_BYTES : 0
    this.#beginPage()
  }

  /** Adds the cell that was written from `at` to `end`. */
  add(end: number): void {
    const start = this.at
    if (this.#waitingBytes > 0) {
      this.#divide()
      this.cells.copyWithin(0, start, end)
      this.#put(end - start)
    } else this.#put(end)
  }

  #put(end: number): void {
    const { headBytes } = this.#kind
    if (headBytes + POINTER_BYTES * (this.#count + 1) + end <= PAGE_BYTES) {
      this.#starts[this.#count++] = this.at
      this.at = end
      return
    }
    this.cells.copy(this.#waiting, 0, this.at, end)
    this.#waitingBytes = end - this.at
  }

  /** Adds a copy of a cell. `child`: the page of the rows before it. */
  #addDivider(cell: Buffer, child: number): void {
    this.cells.writeUInt32BE(child, this.at)
    cell.copy(this.cells, this.at + CHILD_BYTES)
    this.add(this.at + CHILD_BYTES + cell.length)
  }

  #beginPage(): void {
    if (this.#pages === RUN_PAGES) {
      if (this.#firstPage > 0) this.#file.write(this.#run, this.#firstPage)
      this.#firstPage = this.#file.run(RUN_PAGES)
      this.#pages = 0
      this.#run.fill(0)
    }
    this.#count = 0
    this.at = 0
  }

  /** Puts the current page into the run. `right`: of an interior page, its last child. Returns where it is. */
  #writePage(right: number): number {
    const [run, base] = [this.#run, this.#pages * PAGE_BYTES]
    const { headBytes, type } = this.#kind
    const top = PAGE_BYTES - this.at
    this.cells.copy(run, base + top, 0, this.at)
    let pointerAt = base + headBytes
    for (let cell = 0; cell < this.#count; cell++) {
      const start = top + (this.#starts[cell] ?? 0)
      run[pointerAt++] = start >>> 8
      run[pointerAt++] = start
    }
    run[base] = type
    run.writeUInt16BE(this.#count, base + 3)
    run.writeUInt16BE(top, base + 5)
    if (this.#childBytes > 0) run.writeUInt32BE(right, base + 8)
    return base
  }

  #endPage(right: number): number {
    this.#writePage(right)
    return this.#firstPage + this.#pages++
  }

  /** The waiting cell divides the current page from the next. */
  #divide(): void {
    const cell = this.#waiting.subarray(this.#childBytes, this.#waitingBytes)
    const page = this.#endPage(this.#childBytes > 0 ? this.#waiting.readUInt32BE() : 0)
    this.#waitingBytes = 0
    this.#up ??= new Level(this.#file, INTERIOR)
    this.#up.#addDivider(cell, page)
    this.#beginPage()
  }

  /** Ends the level and those above. `right`: of an interior level, its last child. */
  finish(root: number, right: number): void {
    if (this.#waitingBytes > 0) this.#makePageOfWaiting()
    if (this.#up === undefined) {
      // The only page of its level is the root, which the schema names.
      const base = this.#writePage(right)
      this.#file.write(this.#run.subarray(base, base + PAGE_BYTES), root)
      this.#writeRun()
      return
    }
    const page = this.#endPage(right)
    this.#writeRun()
    this.#up.finish(root, page)
  }

  /** No row follows the waiting cell, so it needs a page of its own: the cell before it becomes the divider. */
  #makePageOfWaiting(): void {
    const held = Buffer.from(this.#waiting.subarray(0, this.#waitingBytes))
    const start = this.#starts[--this.#count] ?? 0
    this.cells.copy(this.#waiting, 0, start, this.at)
    this.#waitingBytes = this.at - start
    this.at = start
    this.#divide()
    held.copy(this.cells)
    this.#put(held.length)
  }

  #writeRun(): void {
    if (this.#pages > 0) this.#file.write(this.#run.subarray(0, this.#pages * PAGE_BYTES), this.#firstPage)
    for (let page = this.#pages; page < RUN_PAGES; page++) this.#file.release(this.#firstPage + page)
  }
}
