import { closeSync, fsyncSync, openSync, readFileSync, renameSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Header } from '../../core/block.ts'
import { systemCode } from '../../core/errors.ts'
import { isRecord } from '../../core/is-record.ts'
import { STANDARDS } from '../../core/standards.ts'
import { asStoreError, FRAME, guarded } from './frames.ts'

/** Permissions of the file: only the process's own user has access. */
const FILE_MODE = 0o600

/** Version of the raw log's format, with what else its bytes depend on. */
const FORMAT = `1 ${STANDARDS.join(' ')}`

/**
 * How far a raw log is complete and durable: all blocks from its first through `through` are in the first `bytes` bytes,
 * and their assets in the first `assetBytes` of the dictionary's file. `through` undefined: the log is empty.
 */
export type Mark = {
  readonly through: Header | undefined
  readonly bytes: number
  readonly assetBytes: number
  readonly assets: number
  /** The first of the assets, whose ids are given already: they are those of a stored chain, in the order of ids. */
  readonly known: number
  readonly blocks: number
  readonly transfers: number
  readonly hints: number
}

/** The mark of an empty log. */
export const NO_MARK: Mark = {
  through: undefined,
  bytes: 0,
  assetBytes: 0,
  assets: 0,
  known: 0,
  blocks: 0,
  transfers: 0,
  hints: 0,
}

/** Stores a mark so that after a crash or a power cut the file has either the old or the new one. `origin`: see `readMark`. */
export async function writeMark(file: string, mark: Mark, origin: string): Promise<void> {
  try {
    const handle = await open(`${file}.new`, 'w', FILE_MODE)
    try {
      await handle.writeFile(JSON.stringify({ format: FORMAT, origin, mark }))
      await handle.sync()
    } finally {
      await handle.close()
    }
    renameSync(`${file}.new`, file)
    syncFolder(dirname(file))
  } catch (error) {
    throw asStoreError(file, error)
  }
}

/** Makes the names of a folder's files durable. */
export function syncFolder(folder: string): void {
  guarded(folder, () => {
    const fd = openSync(folder, 'r')
    try {
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
  })
}

/**
 * Returns the stored mark. Undefined: there is none, it is damaged or of another format, or its log has another `origin`, a
 * text of whatever its blocks depend on, such as the chain, the scope and the first block.
 */
export function readMark(file: string, origin: string): Mark | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw asStoreError(file, error)
  }
  const stored = parse(text)
  if (!isRecord(stored) || stored.format !== FORMAT || stored.origin !== origin) return undefined
  return markOf(stored.mark)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function markOf(value: unknown): Mark | undefined {
  if (!isRecord(value)) return undefined
  const { bytes, assetBytes, assets, known, blocks, transfers, hints } = value
  if (!isFrames(bytes) || !isFrames(assetBytes)) return undefined
  if (!isCount(assets) || !isCount(known) || known > assets) return undefined
  if (!isCount(blocks) || !isCount(transfers) || !isCount(hints)) return undefined
  const through = headerOf(value.through)
  if (value.through !== undefined && through === undefined) return undefined
  return { through, bytes, assetBytes, assets, known, blocks, transfers, hints }
}

function headerOf(value: unknown): Header | undefined {
  if (!isRecord(value)) return undefined
  const { number, hash, parentHash, timestamp } = value
  if (!isCount(number) || !isCount(timestamp)) return undefined
  if (typeof hash !== 'string' || typeof parentHash !== 'string') return undefined
  return { number, hash, parentHash, timestamp }
}

function isFrames(value: unknown): value is number {
  return isCount(value) && value % FRAME === 0
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}
