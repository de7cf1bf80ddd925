/**
 * What a bulk load takes of its disk, all through it: at most twice the final size. The runs of pages of a fixed size that each level
 * of a tree takes need no allowance: what is not used of them stays in the file, and is in its final size too.
 */
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { createGenerator, DEFAULT_SHAPE } from '../../bench/chain/generator.ts'
import { startGeneratedNode } from '../../bench/chain/start.ts'
import { inFolder } from './built-file.ts'
import type { DiskUse } from './disk-use-child.ts'
import { onSmallDisk } from './small-disk.ts'

const CHILD = fileURLToPath(new URL('./disk-use-child.ts', import.meta.url))
const MIB = 800
const TRANSFERS = 200_000
const SHAPE = { ...DEFAULT_SHAPE, transfers: TRANSFERS, accounts: 20_000 }

async function expectTwice(shape: string, events: number): Promise<void> {
  await inFolder(async (folder) => {
    const use: DiskUse = JSON.parse(await onSmallDisk(folder, MIB, [CHILD, shape, String(events)]))
    expect(use.rows.transfers).toBe(TRANSFERS)
    expect(use.samples).toBeGreaterThan(50)
    // The log alone is more than a part of what is left, so a sampler that saw nothing of the load fails here.
    expect(use.most).toBeGreaterThan(use.final * 1.1)
    expect(use.most).toBeLessThan(use.final * 2)
  })
}

test('a load of transfers between accounts takes at most twice its final size', async () => {
  const node = await startGeneratedNode(SHAPE)
  try {
    await expectTwice(`http:${node.url.slice('http:'.length)}`, createGenerator(SHAPE).head)
  } finally {
    await node.stop()
  }
}, 120_000)

test(
  'a load of a token with as many holders takes at most twice its final size',
  () => expectTwice('one token', TRANSFERS),
  120_000,
)
