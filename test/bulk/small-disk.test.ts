/** Whole loads on a disk that is really full from a step on. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { inFolder } from './built-file.ts'
import { dumpOf, FINAL, index, makeChain } from './final-chain.ts'
import { onSmallDisk } from './small-disk.ts'
import type { SmallDisk } from './small-disk-child.ts'

const CHILD = fileURLToPath(new URL('./small-disk-child.ts', import.meta.url))
/** A load needs 64 MiB to begin. */
const MIB = 80

/** What a chain up to a block is, loaded without any trouble. */
async function untroubled(folder: string, last?: number): Promise<readonly string[]> {
  await index(folder, { isBulk: true, chain: makeChain(() => undefined, last) })
  return dumpOf(folder)
}

test.each([
  ['fetch', false],
  ['build:sweep', true],
  ['build:small', true],
  ['publish:file', true],
])(
  'a load whose disk is full from %s on stops with STORE_FULL, what it published stays, and with room it becomes whole',
  async (step, isPublished) => {
    await inFolder(async (folder) => {
      const told: SmallDisk = JSON.parse(await onSmallDisk(folder, MIB, [CHILD, step]))
      expect([told.failed, told.again, told.failedLater]).toEqual(['STORE_FULL', 'STORE_FULL', 'done'])
      const [published] = told.read
      expect(told.read).toEqual([published, published])
      expect(published !== undefined && published !== null && published < FINAL).toBe(isPublished)
      if (isPublished) expect(told.dump).toEqual(await untroubled(join(folder, 'part'), published))
      expect(told.whole).toEqual(await untroubled(join(folder, 'whole')))
      // What was made durable in the log is not asked for again.
      if (isPublished) expect(told.asked ?? Number.POSITIVE_INFINITY).toBeGreaterThan(0)
    })
  },
  60_000,
)
