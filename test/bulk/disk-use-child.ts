/**
 * `disk-use-child.ts FOLDER SHAPE EVENTS`: loads a chain, as memory-child.ts, into FOLDER/small, a file system of its own. Prints JSON: the bytes that were taken on it at most, sampled all the time, and in the end. Files that are deleted but still open
 * are counted, and holes of files are not.
 */
import { statfsSync } from 'node:fs'
import { join } from 'node:path'
import { type Loaded, loadInChild } from './load-in-child.ts'

/** What a load took of its disk, in bytes. `samples`: how many times that was looked at. */
export type DiskUse = {
  readonly most: number
  readonly final: number
  readonly samples: number
  readonly rows: Loaded['rows']
}

const SAMPLE_MS = 5

const [folder = '', shape = '', events = ''] = process.argv.slice(2)
const small = join(folder, 'small')
let most = 0
let samples = 0
const timer = setInterval(() => {
  most = Math.max(most, taken())
  samples++
}, SAMPLE_MS)
const { rows } = await loadInChild(small, shape as Parameters<typeof loadInChild>[1], Number(events))
clearInterval(timer)
const use: DiskUse = { most, final: taken(), samples, rows }
process.stdout.write(JSON.stringify(use))

function taken(): number {
  const { blocks, bfree, bsize } = statfsSync(small)
  return (blocks - bfree) * bsize
}
