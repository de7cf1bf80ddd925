import { ServiceError } from '../../core/errors.ts'
import type { HeldTables, TableShape } from '../engine/held-tables.ts'
import { allRows } from '../queries/table-rows.ts'
import { isSaved } from '../rows/table-lists.ts'
import { LineDigest, rowLine } from './format.ts'
import { readBackup } from './read-backup.ts'
import type { BackupProgress, Saved } from './write-backup.ts'

type Reading = {
  readonly file: string
  readonly onProgress: (progress: BackupProgress) => void
  readonly signal: AbortSignal
}

/** A table of a checked backup, with the number and checksum of its rows. */
type Checked = { readonly table: TableShape; readonly rows: number; readonly sha256: string }
/** A checked backup. */
export type CheckedBackup = Saved & { readonly content: readonly Checked[]; readonly sha256: string }

/** Reads a whole backup, and checks it. @throws BACKUP_INVALID; ABORTED */
export async function checkBackup({ file, onProgress, signal }: Reading): Promise<CheckedBackup> {
  const content: Checked[] = []
  let [rows, sha256] = [0, '']
  for await (const part of readBackup(file)) {
    signal.throwIfAborted()
    if (part.type === 'all') sha256 = part.sha256
    if (part.type === 'end') {
      content.push(part)
      rows += part.rows
      onProgress({ table: part.table.name, step: 'checked', rows: part.rows })
    }
  }
  return { tables: content.length, rows, content, sha256 }
}

/**
 * Fills an empty store with a checked backup, compares all rows with those of the file, and commits. Nothing stays if it fails.
 * @throws BACKUP_INVALID the file is of a later version than the store, or it is not the one that was checked
 * @throws STORE_MISMATCH the store does not have the rows of the file; ABORTED
 */
export async function restoreBackup(
  { file, onProgress, signal }: Reading,
  checked: CheckedBackup,
  target: HeldTables,
): Promise<void> {
  mustKnow(file, checked, target.tables)
  let sha256 = ''
  let rows = 0
  for await (const part of readBackup(file)) {
    signal.throwIfAborted()
    if (part.type === 'all') sha256 = part.sha256
    if (part.type === 'table') rows = 0
    if (part.type !== 'rows') continue
    await target.insert(part.table, part.rows)
    rows += part.rows.length
    onProgress({ table: part.table.name, step: 'restored', rows })
  }
  if (sha256 !== checked.sha256) throw new ServiceError('BACKUP_INVALID', `${file} was changed while it was read`)
  for (const one of checked.content) {
    signal.throwIfAborted()
    await mustHave(target, one)
    onProgress({ table: one.table.name, step: 'compared', rows: one.rows })
  }
  await target.commit()
}

/** @throws BACKUP_INVALID a later version has more tables or columns */
function mustKnow(file: string, { content }: CheckedBackup, ours: readonly TableShape[]): void {
  for (const { table } of content) {
    const own = ours.find((one) => one.name === table.name && isSaved(one))
    const isKnown = own !== undefined && table.columns.every((column) => own.columns.includes(column))
    if (isKnown && own.key.join() === table.key.join()) continue
    const message = `${file} has the table ${table.name}, which this version does not know like that: restore it with a newer version`
    throw new ServiceError('BACKUP_INVALID', message)
  }
}

/** @throws STORE_MISMATCH */
async function mustHave(target: HeldTables, { table, rows, sha256 }: Checked): Promise<void> {
  const digest = new LineDigest()
  for await (const page of target.pages(allRows(table))) for (const row of page) digest.add(rowLine(row))
  if (digest.count === rows && digest.digest() === sha256) return
  const message = `the restored rows of ${table.name} differ from the backup (${digest.count} and ${rows} rows): nothing was kept`
  throw new ServiceError('STORE_MISMATCH', message)
}
