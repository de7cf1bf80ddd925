import { realpathSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { StoreUse } from '../store-use.ts'
import { guardedFile } from './database.ts'

/** Which folder a path leads to. Who is on it shows when its files are opened: they are locked. Creates nothing. */
export function sqliteUse(folder: string): StoreUse {
  const path = resolve(folder)
  return guardedFile(path, () => {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
    const identity = stat === undefined ? path : `${stat.dev}:${stat.ino}`
    return { identity, place: stat === undefined ? path : realpathSync(path), connections: 0 }
  })
}
