/** What is stored, copied to a raw log and built anew with the blocks that follow: as if all had been appended. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { build } from '../../src/bulk/build/build.ts'
import { copyToLog } from '../../src/bulk/load/copy-stored.ts'
import { RawLogWriter } from '../../src/bulk/raw-log/raw-log-writer.ts'
import { ZERO_ADDRESS } from '../../src/chains/evm/words/hex.ts'
import { type AccountCodec, HEX_ACCOUNTS } from '../../src/core/account.ts'
import type { AssetRef } from '../../src/core/asset.ts'
import type { Observation } from '../../src/core/balance.ts'
import type { Header } from '../../src/core/block.ts'
import type { Coverage } from '../../src/core/coverage.ts'
import type { Soon } from '../../src/core/soon.ts'
import type { BlockTransfers } from '../../src/core/transfer.ts'
import type { BulkStore } from '../../src/store/seam/bulk-load.ts'
import type { Journal } from '../../src/store/seam/store.ts'
import type { StoredChain, StoredRecord } from '../../src/store/seam/stored-chain.ts'
import { PageSink } from '../../src/store/sqlite/bulk/page-sink.ts'
import { CHAIN } from '../indexer/harness.ts'
import { ACCOUNTS, ASSETS, blockMovements, hashOf, makeBlock } from '../store/chains.ts'
import { dumpChain } from '../store/dump.ts'
import { hintsOf } from '../store/hints.ts'
import { inFolder, withJournal } from './built-file.ts'

type Block = BlockTransfers & Header

const CODEC: AccountCodec = { ...HEX_ACCOUNTS, zeroAddress: ZERO_ADDRESS }
/** A contract that only reads name. */
const ONLY_READ: AssetRef = { standard: 'erc20', reference: `0x${'f'.repeat(40)}` }

const content = fc.record({
  movements: blockMovements,
  hints: fc.array(hintsOf([...ACCOUNTS, ZERO_ADDRESS], 4), { maxLength: 2 }),
})
type Content = typeof content extends fc.Arbitrary<infer T> ? T : never

const story = fc.record({
  coverage: fc.constantFrom<Coverage>({ scope: { type: 'all' }, from: 0 }, { scope: { type: 'all' }, from: 10 }),
  old: fc.array(content, { minLength: 1, maxLength: 8 }),
  lost: fc.array(content, { maxLength: 3 }),
  gap: fc.array(content, { minLength: 1, maxLength: 8 }),
  live: fc.array(content, { maxLength: 3 }),
  reads: fc.array(
    fc.record({
      account: fc.constantFrom(...ACCOUNTS),
      asset: fc.constantFrom<AssetRef>(...ASSETS, ONLY_READ),
      amount: fc.bigInt({ min: 0n, max: 2_000n }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    { maxLength: 6 },
  ),
  repaired: fc.array(blockMovements, { maxLength: 2 }),
  reclassified: fc.option(fc.constantFrom(...ASSETS), { nil: undefined }),
  /** Records of the stored part after which the copy is interrupted. */
  cut: fc.option(fc.nat(40), { nil: undefined }),
})
type Story = typeof story extends fc.Arbitrary<infer T> ? T : never

function blocksOf(contents: readonly Content[], first: number, branch = 0): Block[] {
  return contents.map(({ movements, hints }, index) => {
    const number = first + index
    const parentHash = hashOf(index === 0 ? 0 : branch, number - 1)
    const header = { number, hash: hashOf(branch, number), parentHash, timestamp: number * 12 }
    return { ...makeBlock(movements, header), parentHash, ...(hints.length > 0 ? { hints } : {}) }
  })
}

const last = (blocks: readonly Block[]): Block => blocks.at(-1) as Block
const headerOf = ({ number, hash, parentHash, timestamp }: Block): Header => ({ number, hash, parentHash, timestamp })

async function append(journal: Journal, blocks: readonly Block[]): Promise<void> {
  for (const block of blocks) {
    await journal.append({ first: block.number, through: headerOf(block), blocks: [block], headers: [headerOf(block)] })
  }
}

async function backfill(journal: Journal, blocks: readonly Block[]): Promise<void> {
  const through = headerOf(last(blocks))
  await journal.append({ first: blocks[0]?.number ?? 0, through, blocks, headers: [] })
  await journal.finalize(through)
}

/** Appends the old part with all that can happen to it. */
async function live(journal: Journal, { coverage, old, lost, reads, repaired, reclassified }: Story): Promise<Block[]> {
  const blocks = blocksOf(old, coverage.from)
  await append(journal, blocks)
  await append(journal, blocksOf(lost, last(blocks).number + 1, 1))
  await journal.rollback(headerOf(last(blocks)))
  const at = (share: number): Block => blocks[Math.floor(share * (blocks.length - 1))] ?? last(blocks)
  await journal.adopt(
    reads.map(({ share, ...read }): Observation => ({ ...read, item: '', block: headerOf(at(share)), observedAt: 1 })),
  )
  await journal.repair(
    repaired.flatMap((movements, index) => {
      const block = blocks[index]
      return block === undefined ? [] : [makeBlock(movements, block)]
    }),
  )
  const evidence = { account: undefined, item: '', journal: 1n, chain: 2n }
  if (reclassified !== undefined)
    await journal.reclassify({ asset: reclassified, block: headerOf(last(blocks)), reason: 'supply', evidence })
  return blocks
}

/** A stored chain that fails after so many records. */
class CutChain implements StoredChain {
  readonly through: Header
  readonly #whole: StoredChain
  #left: number

  constructor(whole: StoredChain, left: number) {
    this.#whole = whole
    this.through = whole.through
    this.#left = left
  }

  assets(after: number): AsyncIterable<readonly AssetRef[]> {
    return this.#whole.assets(after)
  }

  async *records(after: number): AsyncGenerator<Iterable<StoredRecord>> {
    for await (const some of this.#whole.records(after)) {
      for (const record of some) {
        if (this.#left-- === 0) throw new Error('cut')
        yield [record]
      }
    }
  }

  close(): Soon<void> {
    return this.#whole.close()
  }
}

async function copy(bulk: BulkStore, cut?: number): Promise<RawLogWriter> {
  const whole = await bulk.open()
  if (whole === undefined) throw new Error('a chain is stored')
  const stored = cut === undefined ? whole : new CutChain(whole, cut)
  const writer = new RawLogWriter({ folder: bulk.folder, origin: 'test', codec: CODEC })
  try {
    let at = 0
    const parts = {
      stored,
      writer,
      now: () => (at += 1_000),
      signal: new AbortController().signal,
      onCopied: () => undefined,
    }
    await copyToLog({ ...parts, partBytes: 1 })
    return writer
  } finally {
    await stored.close()
  }
}

/** Builds the chain anew of what is stored and these blocks. */
async function rebuild(journal: Journal, blocks: readonly Block[], cut: number | undefined): Promise<void> {
  const { bulk, coverage } = journal
  if (bulk === undefined) throw new Error('this engine has no bulk load')
  if (cut !== undefined) {
    const writer = await copy(bulk, cut).catch(() => undefined)
    await writer?.close()
  }
  const writer = await copy(bulk)
  writer.append(blocks, headerOf(last(blocks)))
  const mark = await writer.writeMark(0)
  await writer.close()
  const target = bulk.target()
  const sink = new PageSink(target.place, { chain: CHAIN, codec: CODEC, coverage, fixed: new Map() })
  await build({ log: bulk.folder, mark, codec: CODEC, from: coverage.from, published: target.published }, sink)
  expect(await bulk.publish(target)).toMatchObject({ number: last(blocks).number })
  await bulk.end()
}

/** The chain's rows, and its assets in the order of their ids. */
async function storedAfter(
  coverage: Coverage,
  work: (journal: Journal) => Promise<void>,
): Promise<{ rows: string[]; assets: unknown[] }> {
  return inFolder(async (folder) => {
    await withJournal(folder, { coverage, codec: CODEC }, work)
    const name = readdirSync(folder).find((one) => /^eip155_1(\.g\d+)?\.db$/.test(one)) ?? ''
    const db = new Database(join(folder, name), { readonly: true })
    const assets = db.prepare('SELECT id, standard, reference, first_block, transfers FROM assets ORDER BY id').all()
    db.close()
    return { rows: dumpChain(join(folder, name)), assets }
  })
}

test('what was appended is built anew with what follows as if that had been appended too, and assets keep their ids', async () => {
  await fc.assert(
    fc.asyncProperty(story, async (told) => {
      const { coverage, cut } = told
      let known: unknown[] = []
      const after = (how: (journal: Journal, gap: readonly Block[]) => Promise<void>) =>
        storedAfter(coverage, async (journal) => {
          const old = await live(journal, told)
          const gap = blocksOf(told.gap, last(old).number + 1)
          await how(journal, gap)
          await append(journal, blocksOf(told.live, last(gap).number + 1))
        })
      const appended = await after(backfill)
      const rebuilt = await after((journal, gap) => rebuild(journal, gap, cut))
      known = (await storedAfter(coverage, (journal) => live(journal, told).then(() => undefined))).assets
      expect(rebuilt.rows).toEqual(appended.rows)
      const ids = (assets: unknown[]): unknown[] => assets.map((row) => (row as { reference: string }).reference)
      expect(ids(rebuilt.assets).slice(0, known.length)).toEqual(ids(known))
    }),
    { numRuns: 40 },
  )
}, 180_000)

test('thousands of openings and many repaired blocks are carried over', async () => {
  const contents = Array.from({ length: 120 }, (_, index): Content => {
    const to = ACCOUNTS[index % ACCOUNTS.length]
    return {
      movements: [{ asset: ASSETS[index % 2] ?? ASSETS[0], from: undefined, to, amount: 9n, item: 0 }],
      hints: [],
    }
  })
  const reads = Array.from({ length: 2_500 }, (_, index) => ({
    ...{ account: `0x${(index + 100).toString(16).padStart(40, '0')}`, asset: ASSETS[0], item: '' },
    ...{ amount: BigInt(index + 1), observedAt: 1 },
  }))
  const after = (how: (journal: Journal, gap: readonly Block[]) => Promise<void>) =>
    storedAfter({ scope: { type: 'all' }, from: 10 }, async (journal) => {
      const old = blocksOf(contents, 10)
      await append(journal, old)
      await journal.adopt(reads.map((read) => ({ ...read, block: headerOf(old[7] ?? last(old)) })))
      const repair = (): Promise<unknown> =>
        journal.repair(
          old.map((block) => ({ ...block, transfers: block.transfers.map((one) => ({ ...one, amount: 8n })) })),
        )
      const gap = blocksOf(contents, last(old).number + 1)
      // Repairs after the copy are noted, and made again in what is built.
      const { bulk } = journal
      if (how === backfill || bulk === undefined) await repair()
      else {
        const writer = await copy(bulk)
        await writer.close()
        await repair()
      }
      await how(journal, gap)
    })
  const [appended, rebuilt] = [await after(backfill), await after((journal, gap) => rebuild(journal, gap, undefined))]
  expect(rebuilt.rows).toEqual(appended.rows)
  expect(rebuilt.rows.filter((row) => row.startsWith('openings '))).toHaveLength(2_500)
})
