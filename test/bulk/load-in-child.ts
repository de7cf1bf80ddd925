/** Loads in a process of their own, whose memory is measured. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { isRecord } from '../../src/core/is-record.ts'
import type { ShapeName } from './shaped-chain.ts'

const CHILD = fileURLToPath(new URL('./memory-child.ts', import.meta.url))

/** What a load took and gave: the most bytes that its process grew by, and rows of the published file. */
export type Loaded = { readonly grownBytes: number; readonly rows: Readonly<Record<string, number>> }

/** Loads a chain of so many events of a shape; or, of the node at a URL, the blocks up to a number. */
export async function loadInChild(
  folder: string,
  shape: ShapeName | `http:${string}`,
  events: number,
): Promise<Loaded> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--import',
    'tsx',
    CHILD,
    folder,
    shape,
    String(events),
  ])
  const loaded: unknown = JSON.parse(stdout)
  if (!isRecord(loaded) || typeof loaded.grownBytes !== 'number' || !isRecord(loaded.rows)) throw new Error(stdout)
  const rows = Object.fromEntries(Object.entries(loaded.rows).map(([table, count]) => [table, Number(count)]))
  return { grownBytes: loaded.grownBytes, rows }
}
