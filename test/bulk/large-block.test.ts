/** A block with 100,000 transfers, from a node over HTTP. */
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
const BLOCKS = 1
// Few tokens: of one that only mints the amount of an address, accounts are hinted at besides.
const SHAPE = { ...DEFAULT_SHAPE, transfers: BLOCKS * IN_BLOCK, perBlock: IN_BLOCK, accounts: 20_000, tokens: 50 }
/** Of a whole load: an answer is some 60 MB of JSON, and it is read more than once. */
const MAX_BYTES = 650_000_000

test('a block with 100,000 transfers is loaded in bounded memory, row by row as its node has it', async () => {
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
