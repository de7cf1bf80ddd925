import { checkBackup as check, restoreBackup } from './backup/restore-backup.ts'
import { type BackupProgress, type Saved, writeBackup, writeBackupFile } from './backup/write-backup.ts'
import { openSnapshot, openTarget } from './open.ts'

export type { BackupProgress, Saved } from './backup/write-backup.ts'

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
  const snapshot = await openSnapshot(url)
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
 * @throws STORE_MISMATCH the store has rows of its own; ABORTED
 */
export async function restoreStore({
  url,
  ...from
}: Watch & { readonly url: string; readonly file: string }): Promise<Saved> {
  const checked = await check(from)
  const target = await openTarget(url)
  try {
    await restoreBackup(from, checked, target)
  } finally {
    await target.close()
  }
  return checked
}
