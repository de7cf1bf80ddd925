/** What names assets by their ids, while generations give other ids to assets that only reads name. */
import { setImmediate as nextTick } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { AssetRef } from '../../src/core/asset.ts'
import type { ChainReads, Journal } from '../../src/store/seam/store.ts'
import { CHAIN } from '../indexer/harness.ts'
import { ASSETS, type Movement } from '../store/chains.ts'
import { dumpWhole } from '../store/dump.ts'
import { generationIn, inFolder, withJournal } from './built-file.ts'
import { BLOCK, blocksOf, Load } from './published-blocks.ts'
import { ONLY_READ } from './told-story.ts'

const [COIN, OTHER] = ASSETS
const OTHERS: readonly Movement[] = BLOCK.map((movement) => ({ ...movement, asset: OTHER }))

/** The tokens that are read now, each once. */
async function read({ tokens }: ChainReads): Promise<readonly AssetRef[]> {
  const assets = await tokens.stale({ before: 10, limit: 10 })
  const unknown = { name: undefined, symbol: undefined, decimals: undefined, totalSupply: undefined }
  await tokens.put(assets.map((asset) => ({ asset, ...unknown, readAt: 20, supplyBlock: undefined })))
  return assets
}

test('each token is read once, also if its id was that of another one in the generation before', async () => {
  await inFolder(async (folder) => {
    await withJournal(folder, { coverage: { scope: { type: 'all' }, from: 0 } }, async (journal, store) => {
      const reads = await store.openReads(CHAIN)
      const after = async (work: (journal: Journal) => Promise<void>): Promise<readonly AssetRef[]> => {
        await work(journal)
        await nextTick()
        return read(reads)
      }
      const load = new Load(journal)
      expect(await after(() => load.publish(blocksOf([BLOCK], 0)))).toEqual([COIN])
      const refuted = { asset: ONLY_READ, account: undefined, item: '' }
      expect(await after(() => journal.doubts.refute([refuted]))).toEqual([ONLY_READ])
      expect(await after(() => load.publish(blocksOf([OTHERS], 1)))).toEqual([OTHER])
      expect(await after(() => load.end())).toEqual([])
    })
  })
})

test('the walk over tokens that are read knows its tokens by their new ids', async () => {
  await inFolder(async (folder) => {
    await withJournal(folder, { coverage: { scope: { type: 'all' }, from: 0 } }, async (journal) => {
      const load = new Load(journal)
      const [first] = blocksOf([BLOCK], 0)
      if (first === undefined) throw new Error('there is a block')
      await load.publish([first])
      const evidence = { account: undefined, item: '', journal: 1n, chain: 2n }
      await journal.reclassify({ asset: ONLY_READ, block: first, reason: 'supply', evidence })
      const limits = { keys: 10, perToken: 10 }
      const walked = await journal.audits.next('rereads', limits)
      expect(walked.cursor).toBe('0:2/0/0')
      // The walk is in the middle of the token with the id 2, which is another one in the next generation.
      await journal.audits.reached('rereads', `${walked.cursor} 2:7/1/0`)
      await load.publish(blocksOf([OTHERS], 1))
      const at = dumpWhole(generationIn(folder)).filter((line) => line.startsWith('places '))
      expect(at).toEqual(['places name=rereads place=0:3/0/0 3:7/1/0'])
      await load.end()
    })
  })
})
