import { randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { HeldTables, TableShape } from '../engine/held-tables.ts'
import { allRows } from '../queries/table-rows.ts'
import { inOrderOfReferences, isSaved } from '../rows/table-lists.ts'
import { type BackupEnd, type BackupHeader, columnsOf, FORMAT, FORMAT_VERSION, LineDigest, rowLine } from './format.ts'

/** Only the user of the process may read a backup. */
const FILE_MODE = 0o600

/** How far a backup or a restore is. */
export type BackupProgress = {
  readonly table: string
  readonly step: 'saved' | 'checked' | 'restored' | 'compared'
  readonly rows: number
}

/** What is saved. `program`: the version of Steelyard. `at`: when it is saved. */
export type Backup = {
  readonly snapshot: HeldTables
  readonly program: string
  readonly at: Date
  readonly onProgress: (progress: BackupProgress) => void
  readonly signal: AbortSignal
}

/** How much was saved. */
export type Saved = { readonly tables: number; readonly rows: number }

/**
 * Writes a backup into a file: under another name beside it until it is complete and on disk, so that a file of that name is
 * always a whole backup. Replaces an older file.
 * @throws ABORTED; errors of the store and of the file system
 */
export async function writeBackupFile(backup: Backup, file: string): Promise<Saved> {
  const part = `${file}.${randomBytes(4).toString('hex')}.part`
  try {
    const saved = await writeBackup(backup, createWriteStream(part, { flags: 'wx', mode: FILE_MODE, flush: true }))
    await rename(part, file)
    await syncFolder(dirname(file))
    return saved
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
}

/** Writes a backup into a stream, and ends the stream unless it is standard output. */
export async function writeBackup(backup: Backup, out: Writable): Promise<Saved> {
  const saved = { tables: 0, rows: 0 }
  const end = out !== process.stdout
  await pipeline(Readable.from(linesOf(backup, saved)), createGzip(), out, { end, signal: backup.signal })
  return saved
}

/** The lines of a backup, some at a time. Counts in `saved`. */
async function* linesOf(backup: Backup, saved: { tables: number; rows: number }): AsyncGenerator<string, void> {
  const all = new LineDigest()
  const noted = (text: string): string => {
    all.add(text)
    return text
  }
  const { snapshot, program, at } = backup
  const created = at.toISOString()
  const header: BackupHeader = { format: FORMAT, version: FORMAT_VERSION, program, created_at: created }
  yield noted(`${JSON.stringify(header)}\n`)
  for (const table of [...snapshot.tables].filter(isSaved).sort(inOrderOfReferences)) {
    saved.tables += 1
    for await (const text of tableLines(backup, table, saved)) yield noted(text)
  }
  const end: BackupEnd = { end: FORMAT, ...saved, sha256: all.digest() }
  yield `${JSON.stringify(end)}\n`
}

async function* tableLines(
  { snapshot, onProgress }: Backup,
  table: TableShape,
  saved: { rows: number },
): AsyncGenerator<string, void> {
  const { name, key } = table
  const columns = columnsOf(table)
  yield `${JSON.stringify({ table: name, columns, key })}\n`
  const digest = new LineDigest()
  for await (const page of snapshot.pages(allRows({ ...table, columns }))) {
    const lines = page.map(rowLine)
    for (const line of lines) digest.add(line)
    yield lines.join('')
    onProgress({ table: name, step: 'saved', rows: digest.count })
  }
  saved.rows += digest.count
  yield `${JSON.stringify({ end: name, rows: digest.count, sha256: digest.digest() })}\n`
}

/** Makes a new name in a folder survive a crash of the machine, where the system can do that. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch {
    // Some systems cannot sync a folder. The file itself is on disk.
  }
}
