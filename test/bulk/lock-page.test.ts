/** A built file whose trees lie around the page of the lock bytes: SQLite reads it, and the journal goes on in it. */
import { mkdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { LOCK_PAGE } from '../../src/store/sqlite/bulk/page-runs.ts'
import { PageSink } from '../../src/store/sqlite/bulk/page-sink.ts'
import { ACCOUNTS, ASSETS, type Movement } from '../store/chains.ts'
import { dumpChain } from '../store/dump.ts'
import { appendedFile, builtFile, inFolder, integrityOf, withJournal } from './built-file.ts'
import { ALL } from './final-chain.ts'
import { append, blocksOf, last } from './published-blocks.ts'

function movementsOf(number: number): Movement[] {
  return Array.from({ length: 20 }, (_, index) => ({
    asset: ASSETS[(number + index) % ASSETS.length] ?? ASSETS[0],
    from: index % 3 === 0 ? undefined : ACCOUNTS[(number + index) % 5],
    to: ACCOUNTS[(number * 7 + index) % 5],
    amount: BigInt(number + index),
    item: index,
  }))
}

const contents = (count: number): Movement[][] => Array.from({ length: count }, (_, number) => movementsOf(number))

test('a file around the page of the lock bytes is sound, is appended to, rolled back and appended to again', async () => {
  await inFolder(async (folder) => {
    const { number, hash, parentHash, timestamp, ...rest } = last(blocksOf(contents(600), 0))
    expect(rest.transfers.length).toBeGreaterThan(0)
    const through = { number, hash, parentHash, timestamp }
    const blocks = blocksOf(contents(600), 0).map((block) => ({ ...block, parentHash: undefined }))
    const chain = { coverage: ALL, blocks, through }
    // The file is sparse: the pages before the trees were never written, and are on the freelist.
    const sink = (file: string, whose: ConstructorParameters<typeof PageSink>[1]): PageSink =>
      new PageSink(file, whose, LOCK_PAGE - 100)
    const { file } = await builtFile(join(folder, 'built'), chain, { sink })
    expect(statSync(file).size).toBeGreaterThan(2 ** 30)
    expect(integrityOf(file)).toBe('ok')
    const [large, plain] = [join(folder, 'large'), join(folder, 'plain')]
    mkdirSync(large)
    renameSync(file, join(large, 'eip155_1.db'))
    await appendedFile(plain, chain)
    for (const place of [large, plain]) {
      await withJournal(place, chain, async (journal) => {
        await append(journal, blocksOf(contents(60), 600))
        await journal.rollback(last(blocksOf(contents(20), 600)))
        await append(journal, blocksOf(contents(30), 620, 1))
      })
    }
    expect(integrityOf(join(large, 'eip155_1.db'))).toBe('ok')
    expect(dumpChain(join(large, 'eip155_1.db'))).toEqual(dumpChain(join(plain, 'eip155_1.db')))
  })
}, 180_000)
