import type { TreeRange, WrittenTree } from '../../seam/sink-sharing.ts'
import { DividerWriter } from './divider-log.ts'
import type { PageRuns } from './page-runs.ts'
import { LEAF, Level, type RowTree } from './tree-writer.ts'

/** Rows before the first page of a range: one for the page of the rows before them, and one that divides the two. */
const ROWS_BEFORE = 2

/**
 * Writes the leaf pages of ranges of a tree, which another thread joins to the rest (`TreeWriter.join`). Rows come in the
 * order of their keys within a range, and each range comes before the one that was written last.
 */
export class TreePart implements RowTree {
  readonly #leaves: Level
  readonly #log: DividerWriter
  readonly #ranges: TreeRange[] = []
  #before: Uint8Array[] = []
  #from = 0

  constructor(file: PageRuns) {
    this.#log = new DividerWriter(file)
    this.#leaves = new Level(file, LEAF, this.#log)
  }

  get cells(): Buffer {
    return this.#leaves.cells
  }

  get at(): number {
    return this.#leaves.at
  }

  add(end: number): void {
    if (this.#before.length === ROWS_BEFORE) this.#leaves.add(end)
    else this.#before.push(Uint8Array.from(this.cells.subarray(this.at, end)))
  }

  /** Ends a range. */
  cut(): void {
    const to = this.#log.end
    this.#ranges.unshift({ before: this.#before, from: this.#from, to, after: this.#leaves.takeRows() })
    this.#before = []
    this.#from = to
  }

  /** Writes what is not written. */
  finish(): WrittenTree {
    this.#leaves.writeRun()
    return { ranges: this.#ranges, dividers: this.#log.finish() }
  }
}
