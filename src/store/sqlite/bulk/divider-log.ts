import type { DividerLog, TreeRange } from '../../seam/sink-sharing.ts'
import { PAGE_BYTES, type PageRuns, RUN_PAGES } from './page-runs.ts'

const RUN_BYTES = RUN_PAGES * PAGE_BYTES
/** A record of a divider: the page before it u32, the length of its cell u16, the cell. A length of 0 ends a run. */
const HEAD_BYTES = 6

/** Takes the rows that divide the pages of a level. `child`: the page before the row. */
export type Dividers = { addDivider(cell: Buffer, child: number): void }

/** Keeps dividers in order, in runs of the file that are used again once they are read. */
export class DividerWriter implements Dividers {
  readonly #file: PageRuns
  readonly #runs: number[] = []
  readonly #run = Buffer.alloc(RUN_BYTES)
  #length = 0

  constructor(file: PageRuns) {
    this.#file = file
  }

  /** Where the next divider comes, in bytes from the first one on. */
  get end(): number {
    return this.#runs.length * RUN_BYTES + this.#length
  }

  addDivider(cell: Buffer, child: number): void {
    if (this.#length + HEAD_BYTES + cell.length > RUN_BYTES) this.#flush()
    const at = this.#run.writeUInt32BE(child, this.#length)
    cell.copy(this.#run, this.#run.writeUInt16BE(cell.length, at))
    this.#length += HEAD_BYTES + cell.length
  }

  finish(): DividerLog {
    return { runs: this.#runs, rest: Uint8Array.from(this.#run.subarray(0, this.#length)) }
  }

  #flush(): void {
    this.#run.fill(0, this.#length)
    const first = this.#file.run()
    this.#file.write(this.#run, first)
    this.#runs.push(first)
    this.#length = 0
  }
}

/** A part of a log of dividers. */
type DividerRange = Pick<TreeRange, 'from' | 'to'> & { readonly file: PageRuns; readonly dividers: DividerLog }

/** Gives the dividers of a range in order. */
export function eachDivider({ file, dividers: { runs, rest }, from, to }: DividerRange, up: Dividers): void {
  const own = Buffer.alloc(runs.length === 0 ? 0 : RUN_BYTES)
  for (let index = Math.floor(from / RUN_BYTES); index * RUN_BYTES < to; index++) {
    const first = runs[index]
    if (first !== undefined) file.readRun(own, first)
    const run = first === undefined ? Buffer.from(rest.buffer, rest.byteOffset, rest.length) : own
    const end = Math.min(to - index * RUN_BYTES, run.length)
    for (let at = Math.max(0, from - index * RUN_BYTES); at + HEAD_BYTES < end; ) {
      const length = run.readUInt16BE(at + 4)
      if (length === 0) break
      const cellAt = at + HEAD_BYTES
      up.addDivider(run.subarray(cellAt, cellAt + length), run.readUInt32BE(at))
      at = cellAt + length
    }
  }
}
