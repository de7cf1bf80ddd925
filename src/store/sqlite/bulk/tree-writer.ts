import type { WrittenTree } from '../../seam/sink-sharing.ts'
import { type Dividers, eachDivider } from './divider-log.ts'
import { PAGE_BYTES, type PageRuns, RUN_PAGES } from './page-runs.ts'

/** Types and heads of pages of index trees (https://sqlite.org/fileformat2.html#b_tree_pages). */
export const LEAF = { type: 10, headBytes: 8 }
const INTERIOR = { type: 2, headBytes: 12 }
const CHILD_BYTES = 4
const POINTER_BYTES = 2

/** Most bytes of a row that a cell of an index tree holds without an overflow page. */
export const MAX_ROW_BYTES = Math.floor(((PAGE_BYTES - 12) * 64) / 255) - 23

/** Room behind the cells of a page for the row that is being written. */
const ROW_ROOM = 4 * PAGE_BYTES

/** Takes rows in the order of their keys. */
export type RowTree = {
  /** Where rows are written, from `at` on: the length of a row, and the row, at most MAX_ROW_BYTES long. */
  readonly cells: Buffer
  /** Where in `cells` the next row begins. */
  readonly at: number
  /** Adds the row that was written from `at` to `end`. */
  add(end: number): void
}

/**
 * Writes one index tree from rows in the order of its key, from the leaves up. The row that does not fit a page waits: if
 * another one follows, it becomes the divider of two pages, so that no page is empty.
 */
export class TreeWriter implements RowTree {
  readonly #file: PageRuns
  readonly #leaves: Level
  readonly #root: number

  /** `root`: the tree's root page in the file. */
  constructor(file: PageRuns, root: number) {
    this.#file = file
    this.#leaves = new Level(file, LEAF)
    this.#root = root
  }

  get cells(): Buffer {
    return this.#leaves.cells
  }

  get at(): number {
    return this.#leaves.at
  }

  add(end: number): void {
    this.#leaves.add(end)
  }

  /** Adds what another thread wrote: rows behind all that were added here. */
  join({ ranges, dividers }: WrittenTree): void {
    for (const { before, after, from, to } of ranges) {
      const divider = from === to ? undefined : before.at(-1)
      for (const row of divider === undefined ? before : before.slice(0, -1)) this.#addCopy(row)
      if (divider !== undefined)
        this.#leaves.addPages(Buffer.from(divider), (up) => eachDivider({ file: this.#file, dividers, from, to }, up))
      for (const row of after) this.#addCopy(row)
    }
    for (const run of dividers.runs) this.#file.reuse(run)
  }

  #addCopy(row: Uint8Array): void {
    const { at, cells } = this.#leaves
    cells.set(row, at)
    this.#leaves.add(at + row.length)
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
export class Level implements Dividers {
  /** The cells of the current page, and behind them room for another. */
  readonly cells = Buffer.alloc(PAGE_BYTES + ROW_ROOM)
  /** Where the next cell begins. */
  at = 0
  readonly #file: PageRuns
  readonly #kind: typeof LEAF
  readonly #childBytes: number
  readonly #starts = new Uint16Array(PAGE_BYTES / 2)
  #count = 0
  readonly #run = Buffer.alloc(RUN_PAGES * PAGE_BYTES)
  #firstPage = 0
  #pages = RUN_PAGES
  readonly #dividers: Dividers | undefined
  #up: Level | undefined
  /** The cell that did not fit. */
  readonly #waiting = Buffer.alloc(PAGE_BYTES)
  #waitingBytes = 0

  /** `dividers`: what takes those of this level; if not given, a level above. */
  constructor(file: PageRuns, kind: typeof LEAF, dividers?: Dividers) {
    this.#file = file
    this.#kind = kind
    this.#dividers = dividers
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

  /** Adds pages that are written, behind all rows so far, one at least. `divider`: the row before them. */
  addPages(divider: Buffer, each: (up: Dividers) => void): void {
    if (this.#waitingBytes > 0) this.#makePageOfWaiting()
    const up = this.#above()
    up.addDivider(divider, this.#endPage(0))
    each(up)
    this.#beginPage()
  }

  /** Returns copies of the rows since the last divider, which are no page yet, and forgets them. */
  takeRows(): Uint8Array[] {
    const starts = [...this.#starts.subarray(0, this.#count), this.at]
    const rows = starts.slice(1).map((end, row) => Uint8Array.from(this.cells.subarray(starts[row], end)))
    if (this.#waitingBytes > 0) rows.push(Uint8Array.from(this.#waiting.subarray(0, this.#waitingBytes)))
    this.#waitingBytes = 0
    this.#count = 0
    this.at = 0
    return rows
  }

  /** Adds a copy of a cell. `child`: the page of the rows before it. */
  addDivider(cell: Buffer, child: number): void {
    this.cells.writeUInt32BE(child, this.at)
    cell.copy(this.cells, this.at + CHILD_BYTES)
    this.add(this.at + CHILD_BYTES + cell.length)
  }

  #beginPage(): void {
    if (this.#pages === RUN_PAGES) {
      if (this.#firstPage > 0) this.#file.write(this.#run, this.#firstPage)
      this.#firstPage = this.#file.run()
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
    this.#above().addDivider(cell, page)
    this.#beginPage()
  }

  #above(): Dividers {
    if (this.#dividers !== undefined) return this.#dividers
    this.#up ??= new Level(this.#file, INTERIOR)
    return this.#up
  }

  /** Ends the level and those above. `right`: of an interior level, its last child. */
  finish(root: number, right: number): void {
    if (this.#waitingBytes > 0) this.#makePageOfWaiting()
    if (this.#up === undefined) {
      // The only page of its level is the root, which the schema names.
      const base = this.#writePage(right)
      this.#file.write(this.#run.subarray(base, base + PAGE_BYTES), root)
      this.writeRun()
      return
    }
    const page = this.#endPage(right)
    this.writeRun()
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

  /** Writes the pages that are not written yet, and releases those that are left of the run. */
  writeRun(): void {
    if (this.#pages > 0) this.#file.write(this.#run.subarray(0, this.#pages * PAGE_BYTES), this.#firstPage)
    for (let page = this.#pages; page < RUN_PAGES; page++) this.#file.release(this.#firstPage + page)
  }
}
