/** Blocks with 100,000 transfers each, from a node over HTTP. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createGenerator, DEFAULT_SHAPE } from '../../bench/chain/generator.ts'
import { createRenderer } from '../../bench/chain/render.ts'
import { startGeneratedNode } from '../../bench/chain/start.ts'
import { checkStore, checkStoredBalances } from '../../bench/store-check.ts'
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
      const checked = { folder: store, chain: 'eip155:1', ...given }
      // The store of this chain also has 8 hints with their pairs, of two tokens, which no generated log explains.
      const isOfTransfers = (line: string): boolean => /^transfer |transfers, expected|\.db: /.test(line)
      expect(checkStore(checked).filter(isOfTransfers)).toEqual([])
      expect(checkStoredBalances(checked, [0, 1, 2, 19_999])).toEqual([])
      expect(grownBytes).toBeLessThan(MAX_BYTES)
    })
  } finally {
    await node.stop()
  }
}, 300_000)
