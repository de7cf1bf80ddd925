import { closeSync, openSync } from 'node:fs'
import { assert } from '../../../core/assert.ts'
import { ACCOUNT_TABLES, type RowWriter, type SortedTable } from '../../seam/bulk-sink.ts'
import type { SinkPart } from '../../seam/sink-part.ts'
import type { SinkPlace, WrittenRows } from '../../seam/sink-sharing.ts'
import { guardedFile } from '../database.ts'
import { COLUMNS, PageRows } from './page-rows.ts'
import { PageRuns } from './page-runs.ts'
import { TreePart } from './tree-part.ts'

/** Writes pages of a file whose other pages a `PageSink` writes, in another thread. */
export class PageSinkPart implements SinkPart {
  readonly takesIndexes = true
  readonly #fd: number
  readonly #pages: PageRuns
  readonly #tables: ReadonlyMap<SortedTable, { readonly tree: TreePart; readonly rows: PageRows }>

  constructor({ file, memory }: SinkPlace) {
    this.#fd = guardedFile(file, () => openSync(file, 'r+'))
    this.#pages = new PageRuns(file, this.#fd, memory)
    const tables = ACCOUNT_TABLES.map((table): readonly [SortedTable, { tree: TreePart; rows: PageRows }] => {
      const tree = new TreePart(this.#pages)
      return [table, { tree, rows: new PageRows(tree, COLUMNS[table]) }]
    })
    this.#tables = new Map(tables)
  }

  rows(table: SortedTable): RowWriter {
    const rows = this.#tables.get(table)?.rows
    assert(rows !== undefined, 'another thread writes rows of accounts only')
    return rows
  }

  endRange(): void {
    for (const { tree, rows } of this.#tables.values()) {
      tree.cut()
      rows.restart()
    }
  }

  finish(): WrittenRows {
    const trees = new Map([...this.#tables].map(([table, { tree }]) => [table, tree.finish()]))
    closeSync(this.#fd)
    return { trees, free: this.#pages.free }
  }

  abandon(): void {
    closeSync(this.#fd)
  }
}
