import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { codeOf, isServiceError, ServiceError } from '../../core/errors.ts'
import type { TableShape } from '../engine/held-tables.ts'
import type { Cell } from '../seam/store-parts.ts'
import { FORMAT, FORMAT_VERSION, LineDigest, parseRow } from './format.ts'

/** Rows that are returned together. */
const PAGE_ROWS = 1_000
/** The longest line: a row has texts and bytes of at most some kilobytes. */
const MAX_LINE_BYTES = 64 * 1024 * 1024
const LINE_FEED = 10

/** A part of a backup: the beginning of a table, some of its rows, or its end with their number and checksum. */
export type BackupPart =
  | { readonly type: 'table'; readonly table: TableShape }
  | { readonly type: 'rows'; readonly table: TableShape; readonly rows: readonly (readonly Cell[])[] }
  | { readonly type: 'end'; readonly table: TableShape; readonly rows: number; readonly sha256: string }
  /** The end of the file. */
  | { readonly type: 'all'; readonly sha256: string }

/**
 * Reads a backup, and checks it on the way: the end of a table is returned only if its rows have its checksum, and the end of
 * the file only if all of it has.
 * @throws BACKUP_INVALID it is damaged or cut, of a newer version, or no backup; errors of the file system
 */
export async function* readBackup(file: string): AsyncGenerator<BackupPart, void> {
  const lines = new Lines(file)
  await readHeader(lines, file)
  let counts = { tables: 0, rows: 0 }
  for (;;) {
    const before = lines.digest()
    const line = await lines.next()
    if (line === undefined) throw invalid(file, 'it is cut')
    const end = asEnd(line.value, FORMAT)
    if (end !== undefined) {
      const isRight = end.sha256 === before && end.rows === counts.rows && line.value.tables === counts.tables
      if (!isRight) throw invalid(file, 'its checksum is wrong')
      if ((await lines.next()) !== undefined) throw invalid(file, 'there is something behind its end')
      yield { type: 'all', sha256: end.sha256 }
      return
    }
    const table = asTable(line.value)
    if (table === undefined) throw invalid(file, `line ${lines.count} begins no table`)
    yield { type: 'table', table }
    const rows = yield* readRows(lines, table, file)
    counts = { tables: counts.tables + 1, rows: counts.rows + rows }
  }
}

async function* readRows(lines: Lines, table: TableShape, file: string): AsyncGenerator<BackupPart, number> {
  const digest = new LineDigest()
  let page: (readonly Cell[])[] = []
  for (;;) {
    const line = await lines.next()
    if (line === undefined) throw invalid(file, `it is cut in the table ${table.name}`)
    const end = asEnd(line.value, table.name)
    if (end === undefined) {
      const row = parseRow(line.value, table.columns.length)
      if (row === undefined) throw invalid(file, `line ${lines.count} is no row of ${table.name}`)
      digest.add(line.bytes)
      page.push(row)
    }
    if (page.length === PAGE_ROWS || (end !== undefined && page.length > 0)) {
      yield { type: 'rows', table, rows: page }
      page = []
    }
    if (end === undefined) continue
    const { count } = digest
    if (end.rows !== count || end.sha256 !== digest.digest())
      throw invalid(file, `the checksum of ${table.name} is wrong`)
    yield { type: 'end', table, rows: count, sha256: end.sha256 }
    return count
  }
}

async function readHeader(lines: Lines, file: string): Promise<void> {
  const header = (await lines.next())?.value
  if (header?.format !== FORMAT) throw invalid(file, 'it is no backup of Steelyard')
  const { version, program } = header
  if (version === FORMAT_VERSION) return
  throw new ServiceError(
    'BACKUP_INVALID',
    `${file} was written by a newer version of Steelyard (${String(program)}): restore it with that version`,
  )
}

type Fields = Readonly<Record<string, unknown>>

function asEnd(value: Fields, name: string): { readonly rows: number; readonly sha256: string } | undefined {
  const { end, rows, sha256 } = value
  return end === name && typeof rows === 'number' && typeof sha256 === 'string' ? { rows, sha256 } : undefined
}

/** The names come into statements, so they must be names. */
function asTable({ table, columns, key }: Fields): TableShape | undefined {
  const isName = (name: unknown): name is string => typeof name === 'string' && /^[a-z][a-z0-9_]{0,62}$/.test(name)
  const areNames = (names: unknown): names is string[] => Array.isArray(names) && names.every(isName)
  if (!isName(table) || !areNames(columns) || !areNames(key)) return undefined
  return key.length > 0 && key.every((name) => columns.includes(name)) ? { name: table, columns, key } : undefined
}

/** A line, parsed, and its bytes with the line feed. A row is an array. */
type Line = { readonly value: Fields; readonly bytes: Buffer }

/** The lines of a file. */
class Lines {
  count = 0
  readonly #file: string
  readonly #chunks: AsyncIterator<Buffer>
  readonly #digest = new LineDigest()
  #rest: Buffer = Buffer.alloc(0)

  constructor(file: string) {
    this.#file = file
    this.#chunks = chunksOf(file)
  }

  /** The checksum of all lines so far. */
  digest(): string {
    return this.#digest.digest()
  }

  async next(): Promise<Line | undefined> {
    let at = this.#rest.indexOf(LINE_FEED)
    while (at === -1) {
      const chunk = await this.#chunks.next()
      if (chunk.done === true) {
        if (this.#rest.length === 0) return undefined
        throw invalid(this.#file, 'it is cut')
      }
      const before = this.#rest.length
      this.#rest = before === 0 ? chunk.value : Buffer.concat([this.#rest, chunk.value])
      if (this.#rest.length > MAX_LINE_BYTES) throw invalid(this.#file, 'a line is too long')
      at = this.#rest.indexOf(LINE_FEED, before)
    }
    const bytes = this.#rest.subarray(0, at + 1)
    this.#rest = this.#rest.subarray(at + 1)
    this.count += 1
    this.#digest.add(bytes)
    return { value: this.#parse(bytes), bytes }
  }

  #parse(bytes: Buffer): Fields {
    try {
      const value: unknown = JSON.parse(bytes.toString('utf8'))
      if (typeof value === 'object' && value !== null) return value as Fields
    } catch {
      // As below.
    }
    throw invalid(this.#file, this.count === 1 ? 'it is no backup of Steelyard' : `line ${this.count} is damaged`)
  }
}

async function* chunksOf(file: string): AsyncGenerator<Buffer, void> {
  const source = createReadStream(file)
  const unzipped: Readable = source.pipe(createGunzip())
  source.on('error', (error) => unzipped.destroy(error))
  try {
    for await (const chunk of unzipped) yield chunk as Buffer
  } catch (error) {
    if (isServiceError(error) || codeOf(error) === 'SYSTEM_REFUSED') throw error
    throw invalid(file, error instanceof Error ? error.message : String(error))
  } finally {
    source.destroy()
  }
}

function invalid(file: string, says: string): ServiceError {
  return new ServiceError('BACKUP_INVALID', `${file} cannot be restored: ${says}: use another backup`)
}
