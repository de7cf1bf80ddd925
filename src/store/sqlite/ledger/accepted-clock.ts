import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ChainId } from '../../../core/chain.ts'
import type { AcceptedClock } from '../../seam/ledger-store.ts'
import { fileName } from '../files.ts'

function fileOf(folder: string, chain: ChainId): string {
  return join(folder, `${fileName(chain)}.clock`)
}

/**
 * The clock state that the operator confirmed; undefined if there is none. It is a file, so that a running server sees
 * a change.
 */
export function readAcceptedClock(folder: string, chain: ChainId): AcceptedClock | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(fileOf(folder, chain), 'utf8'))
    if (typeof value !== 'object' || value === null) return undefined
    const { wall, steady, through }: { wall?: unknown; steady?: unknown; through?: unknown } = value
    if (typeof wall !== 'number' || typeof steady !== 'number' || typeof through !== 'number') return undefined
    return { wall, steady, through }
  } catch {
    return undefined
  }
}

/** Replaces the file atomically. */
export function writeAcceptedClock(folder: string, chain: ChainId, accepted: AcceptedClock): void {
  const file = fileOf(folder, chain)
  writeFileSync(`${file}.new`, `${JSON.stringify(accepted)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}
