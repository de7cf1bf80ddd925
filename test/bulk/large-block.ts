/** Loads one block with very many transfers from a node over HTTP. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { createGenerator, DEFAULT_SHAPE } from '../../bench/chain/generator.ts'
import { createRenderer } from '../../bench/chain/render.ts'
import { startGeneratedNode } from '../../bench/chain/start.ts'
import { checkStore } from '../../bench/store-check.ts'
import { inFolder } from './built-file.ts'
import { loadInChild } from './load-in-child.ts'

/** Of a whole load: an answer of 100,000 transfers is some 60 MB of JSON, and it is read more than once. */
const MAX_BYTES = 650_000_000

/** Loads a block with so many transfers, and expects bounded memory and every row as the generator tells it. */
export async function expectLoaded(transfers: number): Promise<void> {
  // Few tokens: of one that only mints the amount of an address, accounts are hinted at besides.
  const shape = { ...DEFAULT_SHAPE, transfers, perBlock: transfers, accounts: 20_000, tokens: 50 }
  const node = await startGeneratedNode(shape, { maxLogs: transfers })
  try {
    await inFolder(async (folder) => {
      const store = join(folder, 'store')
      mkdirSync(store)
      const { grownBytes, rows } = await loadInChild(store, `http:${node.url.slice('http:'.length)}`, 1)
      expect(rows).toMatchObject({ transfers })
      const generator = createGenerator(shape)
      const given = { generator, names: createRenderer(generator) }
      expect(checkStore({ folder: store, chain: 'eip155:1', ...given })).toEqual([])
      expect(grownBytes).toBeLessThan(MAX_BYTES)
    })
  } finally {
    await node.stop()
  }
}
