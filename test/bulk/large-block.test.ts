/** Blocks with 100,000 transfers each, from a node over HTTP. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createGenerator, DEFAULT_SHAPE } from '../../bench/chain/generator.ts'
import { createRenderer } from '../../bench/chain/render.ts'
import { startGeneratedNode } from '../../bench/chain/start.ts'
import { checkStore } from '../../bench/store-check.ts'
import { inFolder } from './built-file.ts'
import { loadInChild } from './load-in-child.ts'

const IN_BLOCK = 100_000
const BLOCKS = 2
const SHAPE = { ...DEFAULT_SHAPE, transfers: BLOCKS * IN_BLOCK, perBlock: IN_BLOCK, accounts: 20_000 }
/** Of a whole load: an answer is some 60 MB of JSON, and several are under way at once. */
const MAX_BYTES = 650_000_000

test('blocks with 100,000 transfers are loaded in bounded memory, row by row as their node has them', async () => {
  const node = await startGeneratedNode(SHAPE, { maxLogs: IN_BLOCK })
  try {
    await inFolder(async (folder) => {
      const store = join(folder, 'store')
      mkdirSync(store)
      const { grownBytes, rows } = await loadInChild(store, `http:${node.url.slice('http:'.length)}`, BLOCKS)
      expect(rows).toMatchObject({ transfers: SHAPE.transfers })
      const generator = createGenerator(SHAPE)
      const given = { generator, names: createRenderer(generator) }
      expect(checkStore({ folder: store, chain: 'eip155:1', ...given })).toEqual([])
      expect(grownBytes).toBeLessThan(MAX_BYTES)
    })
  } finally {
    await node.stop()
  }
}, 300_000)
