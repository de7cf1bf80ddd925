import {
  type BulkEnd,
  type BulkSink,
  type RowWriter,
  type SmallTable,
  SORTED_TABLES,
  type SortedTable,
} from '../../seam/bulk-sink.ts'
import type { SinkSharing } from '../../seam/sink-sharing.ts'
import { guardedFile, int, type SqliteDatabase, text } from '../database.ts'
import { makeFreshFile, openUnlogged, removeFile } from './fresh-file.ts'
import { PageFile } from './page-file.ts'
import { COLUMNS, PageRows } from './page-rows.ts'
import { type BuiltChain, SmallRows } from './small-rows.ts'
import { TreeWriter } from './tree-writer.ts'

/**
 * Writes a chain's file page by page: the trees of the sorted tables by hand, which costs a third of what SQL costs, and
 * then the small tables by SQL. Decision 41 says what of SQLite's file format this rests on.
 */
export class PageSink implements BulkSink {
  readonly takesIndexes = true
  readonly sharing: SinkSharing
  readonly #file: string
  readonly #whose: BuiltChain
  readonly #trees = new Map<SortedTable, TreeWriter>()
  readonly #rows: ReadonlyMap<SortedTable, PageRows>
  readonly #pages: PageFile
  #db: SqliteDatabase | undefined
  #small: SmallRows | undefined
  #areRowsOpen = true

  /** Creates the file, in place of any of that name. `pages`: see `PageFile`. */
  constructor(file: string, whose: BuiltChain, pages?: number) {
    this.#file = file
    this.#whose = whose
    const [roots, pageFile] = guardedFile(file, () => {
      makeFreshFile(file)
      return [readRoots(file), new PageFile(file, pages)] as const
    })
    this.#pages = pageFile
    this.sharing = {
      place: { file, memory: pageFile.last.buffer },
      join: ({ trees, free }) => {
        for (const [table, tree] of this.#trees) {
          const written = trees.get(table)
          if (written !== undefined) tree.join(written)
        }
        for (const page of free) pageFile.release(page)
      },
    }
    const rowsOf = (table: SortedTable): readonly [SortedTable, PageRows] => {
      const tree = new TreeWriter(pageFile, roots.get(table) ?? 0)
      this.#trees.set(table, tree)
      return [table, new PageRows(tree, COLUMNS[table])]
    }
    this.#rows = new Map(SORTED_TABLES.map(rowsOf))
  }

  rows(table: SortedTable): RowWriter {
    const rows = this.#rows.get(table)
    if (rows === undefined) throw new Error(`${table} is no sorted table`)
    return rows
  }

  endRows(): void {
    guardedFile(this.#file, () => {
      for (const tree of this.#trees.values()) tree.finish()
      this.#pages.close()
      this.#areRowsOpen = false
      this.#db = openUnlogged(this.#file)
      this.#db.exec('BEGIN')
      this.#small = new SmallRows(this.#db)
    })
  }

  insert(table: SmallTable, values: readonly (number | string | Uint8Array | null)[]): void {
    guardedFile(this.#file, () => this.#small?.insert(table, values))
  }

  finish(end: BulkEnd): void {
    guardedFile(this.#file, () => {
      this.#small?.end(end, this.#whose)
      this.#db?.exec('COMMIT')
      this.#db?.close()
    })
  }

  abandon(): void {
    if (this.#areRowsOpen) this.#pages.abandon()
    this.#db?.close()
    removeFile(this.#file)
  }
}

/** The root pages of a file's tables and indexes. A table without row ids has its key's tree under its own name. */
function readRoots(file: string): ReadonlyMap<string, number> {
  const db = openUnlogged(file)
  try {
    const rows = db.prepare('SELECT name, rootpage FROM sqlite_schema WHERE rootpage > 0').raw().all()
    return new Map(rows.map((row) => [text(row[0]), int(row[1])]))
  } finally {
    db.close()
  }
}
