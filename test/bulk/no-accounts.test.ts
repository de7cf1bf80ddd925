/** Transfers from nobody to nobody: their records say nothing of how long this chain's accounts are. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Journal } from '../../src/store/seam/store.ts'
import { ASSETS, type Movement } from '../store/chains.ts'
import { dumpChain } from '../store/dump.ts'
import { inFolder, withJournal } from './built-file.ts'
import { append, BLOCK, type Block, backfill, blocksOf, Load } from './published-blocks.ts'

const COVERAGE = { scope: { type: 'all' }, from: 0 } as const
const NOBODY: readonly Movement[] = [{ asset: ASSETS[0], from: undefined, to: undefined, amount: 7n, item: 0 }]

async function dumpAfter(work: (journal: Journal) => Promise<void>): Promise<readonly string[]> {
  return inFolder(async (folder) => {
    await withJournal(folder, { coverage: COVERAGE }, work)
    const file = readdirSync(folder).find((name) => /^eip155_1(\.g\d+)?\.db$/.test(name)) ?? ''
    return dumpChain(join(folder, file))
  })
}

async function load(journal: Journal, final: readonly Block[], tail: readonly Block[]): Promise<void> {
  const bulk = new Load(journal)
  await bulk.publish(final, tail)
  await bulk.end()
}

test.each([
  ['the final blocks', [NOBODY], [BLOCK]],
  ['all blocks', [NOBODY, NOBODY], [NOBODY]],
  ['the last blocks', [BLOCK, NOBODY], [NOBODY]],
])('a bulk load stores what append stores where such transfers fill %s', async (_, final, tail) => {
  const [blocks, branch] = [blocksOf(final, 0), blocksOf(tail, final.length)]
  const loaded = await dumpAfter((journal) => load(journal, blocks, branch))
  const appended = await dumpAfter(async (journal) => {
    await backfill(journal, blocks)
    await append(journal, branch)
  })
  expect(loaded).toEqual(appended)
  expect(loaded.filter((line) => line.includes('transfers')).length).toBeGreaterThan(0)
})
