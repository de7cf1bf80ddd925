import { RowTooLarge, type RowWriter, type SortedTable } from '../../seam/bulk-sink.ts'
import { MAX_ROW_BYTES, type RowTree } from './tree-writer.ts'

/** Columns of the tables and indexes. */
export const COLUMNS: Readonly<Record<SortedTable, number>> = {
  transfers: 9,
  transfers_by_asset: 4,
  changes: 8,
  balances: 13,
  balances_as_met: 8,
  accounts: 3,
  balances_by_amount: 4,
}

/** Serial types (https://sqlite.org/fileformat2.html#record_format). */
const NULL = 0
const ZERO = 8
const ONE = 9
const BLOB = 12
/** Room that the numbers of a row need. */
const INTS_ROOM = 256
/** Values whose type takes one byte of a row's head are below this. */
const SHORT_TYPE = 128

/** Most bytes of a row whose length takes one byte. */
const MAX_SHORT = 127

/**
 * Encodes rows as SQLite's records, in the cells of their page: the row's length; a head with its own length and the type
 * of each value; then the values. The length has a byte, and so has each column in the head: thus values are written
 * where they belong, except in the rare row that is long or has a long value.
 */
export class PageRows implements RowWriter {
  readonly #tree: RowTree
  readonly #columns: number
  readonly #cells: Buffer
  /** The types that take two bytes, by column. */
  readonly #longTypes = new Map<number, number>()
  /** Where the next type and the next value belong. */
  #typeAt: number
  #end: number

  constructor(tree: RowTree, columns: number) {
    this.#tree = tree
    this.#columns = columns
    this.#cells = tree.cells
    this.#typeAt = tree.at + 2
    this.#end = this.#typeAt + columns
  }

  /** Goes to where the tree takes its next row. */
  restart(): void {
    this.#typeAt = this.#tree.at + 2
    this.#end = this.#typeAt + this.#columns
  }

  int(value: number): void {
    const cells = this.#cells
    if (value < 2) {
      this.#setType(value === 0 ? ZERO : ONE)
      return
    }
    let at = this.#end
    if (value < 0x80) {
      this.#setType(1)
      cells[at++] = value
    } else if (value < 0x8000) {
      this.#setType(2)
      cells[at++] = value >>> 8
      cells[at++] = value
    } else if (value < 0x80_0000) {
      this.#setType(3)
      cells[at++] = value >>> 16
      cells[at++] = value >>> 8
      cells[at++] = value
    } else if (value < 0x8000_0000) {
      this.#setType(4)
      at = cells.writeUInt32BE(value, at)
    } else if (value < 0x8000_0000_0000) {
      this.#setType(5)
      at = cells.writeUIntBE(value, at, 6)
    } else {
      this.#setType(6)
      at = cells.writeBigUInt64BE(BigInt(value), at)
    }
    this.#end = at
  }

  bytes(source: Uint8Array, start: number, end: number): void {
    const length = end - start
    const cells = this.#cells
    let at = this.#end
    if (at + length > cells.length - INTS_ROOM) throw new RowTooLarge('a row does not fit a page')
    this.#setType(BLOB + 2 * length)
    for (let from = start; from < end; from++) cells[at++] = source[from] ?? 0
    this.#end = at
  }

  nothing(): void {
    this.#setType(NULL)
  }

  end(): void {
    const tree = this.#tree
    const start = tree.at + 1
    this.#cells[start] = 1 + this.#columns
    if (this.#longTypes.size > 0) this.#lengthenHead(start)
    const length = this.#end - start
    if (length <= MAX_SHORT) this.#cells[start - 1] = length
    else this.#lengthenLength(start, length)
    tree.add(this.#end)
    this.restart()
  }

  #setType(type: number): void {
    const at = this.#typeAt++
    if (type < SHORT_TYPE) this.#cells[at] = type
    else this.#longTypes.set(at - this.#tree.at - 2, type)
  }

  /** Makes room for the types that take two bytes. `start`: of the row, in `cells`. */
  #lengthenHead(start: number): void {
    const [cells, types] = [this.#cells, this.#longTypes]
    const columns = this.#columns
    const values = start + 1 + columns
    const head = [1 + columns + types.size]
    for (let column = 0; column < columns; column++) {
      const type = types.get(column)
      if (type === undefined) head.push(cells[start + 1 + column] ?? 0)
      else head.push(0x80 | (type >>> 7), type & 0x7f)
    }
    cells.copyWithin(values + types.size, values, this.#end)
    cells.set(head, start)
    this.#end += types.size
    types.clear()
  }

  /** Writes the length of a row in two bytes. */
  #lengthenLength(start: number, length: number): void {
    if (length > MAX_ROW_BYTES) throw new RowTooLarge('a row does not fit a page')
    const cells = this.#cells
    cells.copyWithin(start + 1, start, this.#end)
    cells[start - 1] = 0x80 | (length >>> 7)
    cells[start] = length & 0x7f
    this.#end++
  }
}
