import { ServiceError } from '../core/errors.ts'
import { checkBackup as check, restoreBackup } from './backup/restore-backup.ts'
import { type BackupProgress, type Saved, writeBackup, writeBackupFile } from './backup/write-backup.ts'
import type { HeldTables } from './engine/held-tables.ts'
import { lookAtStore, mustBeFree, partsOf } from './open.ts'
import { anyRow, firstOf } from './queries/table-rows.ts'
import { isSaved } from './rows/table-lists.ts'

export type { BackupProgress, Saved } from './backup/write-backup.ts'

const STORE = { of: 'store' } as const

/** Who is told how far it is, and who stops it. */
export type Watch = { readonly onProgress: (progress: BackupProgress) => void; readonly signal: AbortSignal }

/** A store and a file. `file` undefined: standard output. `program`: the version of Steelyard. */
type Backup = Watch & {
  readonly url: string
  readonly file: string | undefined
  readonly program: string
  readonly at: Date
}

/**
 * Saves what no node can return, as of one moment, while others write. A file is complete or not there, and an older one is
 * replaced.
 * @throws STORE_MISSING there is no store; CONFIG_INVALID, STORE_UNAVAILABLE and others of the engine; ABORTED
 */
export async function backUpStore({ url, file, ...backup }: Backup): Promise<Saved> {
  const snapshot = await partsOf(url)(STORE, 'read')
  if (snapshot === undefined) throw new ServiceError('STORE_MISSING', 'there is no store to save: check the URL')
  try {
    const what = { ...backup, snapshot }
    return await (file === undefined ? writeBackup(what, process.stdout) : writeBackupFile(what, file))
  } finally {
    await snapshot.close()
  }
}

/** Reads a whole backup, and checks it. @throws BACKUP_INVALID; ABORTED; errors of the file system */
export function checkBackup(from: Watch & { readonly file: string }): Promise<Saved> {
  return check(from)
}

/**
 * Checks a backup, and fills an empty store with it: all of it, or nothing.
 * @throws BACKUP_INVALID before the store is opened
 * @throws STORE_MISMATCH the store has rows of its own
 * @throws STORE_UNAVAILABLE a server is on the store, which would go on with what it knows of an empty one; ABORTED
 */
export async function restoreStore({
  url,
  ...from
}: Watch & { readonly url: string; readonly file: string }): Promise<Saved> {
  const checked = await check(from)
  const hold = partsOf(url)
  const use = await lookAtStore(url)
  // Nothing is changed before this: not even an older version's tables.
  await withHeld(await hold(STORE, 'hold'), (held) => mustBeEmpty(held, use.place))
  mustBeFree(use)
  await withHeld(await hold(STORE, 'make'), async (target) => {
    await mustBeEmpty(target, use.place)
    await restoreBackup(from, checked, target)
  })
  return checked
}

async function withHeld(held: HeldTables | undefined, work: (held: HeldTables) => Promise<void>): Promise<void> {
  try {
    if (held !== undefined) await work(held)
  } finally {
    await held?.close()
  }
}

/** @throws STORE_MISMATCH a store has rows. `place`: where it is, without secrets */
async function mustBeEmpty(held: HeldTables, place: string): Promise<void> {
  for (const table of held.tables.filter(isSaved)) {
    if ((await firstOf(held.pages(anyRow(table)))) === undefined) continue
    const says = `the store in ${place} has rows of its own in ${table.name}: restore into an empty folder, database or schema`
    throw new ServiceError('STORE_MISMATCH', says)
  }
}
