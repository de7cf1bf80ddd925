import { createHash, type Hash } from 'node:crypto'
import type { TableShape } from '../engine/held-tables.ts'
import type { Row } from '../rows/columns.ts'
import type { Cell } from '../seam/store-parts.ts'

/**
 * A backup is gzip over lines of JSON in UTF-8, each with a line feed. docs/backup.md describes them: a header, for each table its
 * beginning, its rows in the order of the key and its end, and the end of all.
 */
export const FORMAT = 'steelyard-backup'
/** Raised when a program of this version could not restore a file of a later one, or would restore it wrong. */
export const FORMAT_VERSION = 1

/** The first line. `program`: the version of Steelyard that wrote it. */
export type BackupHeader = {
  readonly format: typeof FORMAT
  readonly version: number
  readonly program: string
  readonly created_at: string
}

/** The line before the rows of a table. Rows have their values in the order of `columns`. */
export type TableLine = { readonly table: string; readonly columns: readonly string[]; readonly key: readonly string[] }

/** The line behind the rows of a table. `sha256`: in hex, over the lines of its rows with their line feeds. */
export type TableEnd = { readonly end: string; readonly rows: number; readonly sha256: string }

/** The last line. `sha256`: in hex, over all lines before. */
export type BackupEnd = {
  readonly end: typeof FORMAT
  readonly tables: number
  readonly rows: number
  readonly sha256: string
}

/** A row as a line. Bytes are `{"hex":"…"}`. */
export function rowLine(row: Row): string {
  return `${JSON.stringify(row.map((cell) => (Buffer.isBuffer(cell) ? { hex: cell.toString('hex') } : cell)))}\n`
}

/** The row of a parsed line; undefined if it is none. */
export function parseRow(line: unknown, width: number): readonly Cell[] | undefined {
  if (!Array.isArray(line) || line.length !== width) return undefined
  const cells = line.map(parseCell)
  return cells.every((cell) => cell !== undefined) ? cells : undefined
}

function parseCell(value: unknown): Cell | undefined {
  if (value === null || typeof value === 'string' || Number.isSafeInteger(value)) return value as Cell
  if (typeof value !== 'object' || !('hex' in value) || typeof value.hex !== 'string') return undefined
  return /^(?:[0-9a-f]{2})*$/.test(value.hex) ? Buffer.from(value.hex, 'hex') : undefined
}

/** The columns of a table's rows in a backup: those of the key first. */
export function columnsOf({ columns, key }: TableShape): readonly string[] {
  return [...key, ...columns.filter((column) => !key.includes(column))]
}

/** Counts lines and adds up their checksum. */
export class LineDigest {
  count = 0
  readonly #hash: Hash = createHash('sha256')

  add(line: string | Buffer): void {
    this.count += 1
    this.#hash.update(line)
  }

  /** In hex, of what was added so far. */
  digest(): string {
    return this.#hash.copy().digest('hex')
  }
}
