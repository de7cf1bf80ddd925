import { mkdirSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeHash } from '../../../journal/hash-codec.ts'
import {
  type BulkEnd,
  type BulkSink,
  NoRows,
  type RowWriter,
  type SmallTable,
  type SortedTable,
} from '../../seam/bulk-sink.ts'
import type { CopySource } from '../copy-in.ts'
import { COPIED, COPIED_TABLES, type CopiedTable } from './copy-columns.ts'
import { CopyRows } from './copy-rows.ts'
import { folderError } from './load-folder.ts'
import { readNote, writeNote } from './notes.ts'

/** What a build knows beside the rows. `counts`: the rows of each table. */
export type BuiltRows = Omit<BulkEnd, 'undecodable'> & { readonly counts: Readonly<Record<CopiedTable, number>> }

/** Opens the rows of a table in the folder of a build. @throws STORE_UNAVAILABLE, also as they are read */
export function openRows(folder: string, table: CopiedTable): Promise<CopySource> {
  return openCopied(rowsFile(folder, table))
}

/** Opens the rows that `CopyRows` wrote to a file. @throws as `openRows` */
export async function openCopied(name: string): Promise<CopySource> {
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw folderError(error, name)
    }
  }
  const file = await guarded(() => open(name))
  return { read: (into) => guarded(async () => (await file.read(into)).bytesRead), close: () => file.close() }
}

/** The file of a table's rows in the folder of a build. */
function rowsFile(folder: string, table: CopiedTable): string {
  return join(folder, `${table}.copy`)
}

const END_FILE = 'end'

/**
 * Writes the rows of a build to files in a folder, one for each table, as COPY takes them: a build takes its rows from memory
 * that is used again, and a server takes them when it can.
 */
export class CopySink implements BulkSink {
  readonly takesIndexes = false
  readonly sharing = undefined
  readonly #folder: string
  readonly #tables: Readonly<Record<CopiedTable, CopyRows>>

  /** Creates the folder, in place of any of that name. */
  constructor(folder: string) {
    this.#folder = folder
    this.#tables = this.#guarded(() => {
      rmSync(folder, { recursive: true, force: true })
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      const open = (table: CopiedTable): [string, CopyRows] => [
        table,
        new CopyRows(rowsFile(folder, table), COPIED[table]),
      ]
      return Object.fromEntries(COPIED_TABLES.map(open)) as Record<CopiedTable, CopyRows>
    })
  }

  rows(table: SortedTable): RowWriter {
    return isCopied(table) ? this.#tables[table] : new NoRows()
  }

  endRows(): void {}

  insert(table: SmallTable, values: readonly (number | string | Uint8Array | null)[]): void {
    this.#tables[table].row(values)
  }

  finish({ undecodable, ...end }: BulkEnd): void {
    this.#guarded(() => {
      for (const { asset, block, account } of undecodable) {
        this.#tables.shown.row([asset, block.number, encodeHash(block.hash), account ?? null])
      }
      for (const rows of Object.values(this.#tables)) rows.finish()
      const counts = Object.fromEntries(COPIED_TABLES.map((table) => [table, this.#tables[table].count]))
      const { through, finalized, tail, transfers } = end
      writeNote(join(this.#folder, END_FILE), { through, finalized, tail, transfers, counts })
    })
  }

  abandon(): void {
    for (const rows of Object.values(this.#tables)) rows.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #guarded<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw folderError(error, this.#folder)
    }
  }
}

/** What the build in a folder knows beside its rows. @throws STORE_UNAVAILABLE */
export function readBuilt(folder: string): BuiltRows {
  return readNote<BuiltRows>(join(folder, END_FILE))
}

function isCopied(table: SortedTable): table is CopiedTable & SortedTable {
  return table in COPIED
}
