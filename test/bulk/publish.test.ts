/** Generations: what is published, under open readers, with what happened to the generation before. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTick } from 'node:timers/promises'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import type { Observation } from '../../src/core/balance.ts'
import type { Coverage } from '../../src/core/coverage.ts'
import type { Journal } from '../../src/store/seam/store.ts'
import { SqliteStore } from '../../src/store/sqlite/store.ts'
import { CHAIN } from '../indexer/harness.ts'
import { ACCOUNTS, ASSETS, blockMovements, makeBlock } from '../store/chains.ts'
import { dumpChain } from '../store/dump.ts'
import { inFolder } from './built-file.ts'
import { append, BLOCK, type Block, backfill, blocksOf, Load, last } from './published-blocks.ts'

/** What happens to blocks that are published. */
type Event = (journal: Journal) => Promise<void>

const reads = fc.record({
  account: fc.constantFrom(...ACCOUNTS),
  asset: fc.constantFrom(...ASSETS),
  amount: fc.bigInt({ min: 0n, max: 2_000n }),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
})

const story = fc.record({
  coverage: fc.constantFrom<Coverage>({ scope: { type: 'all' }, from: 0 }, { scope: { type: 'all' }, from: 10 }),
  one: fc.array(blockMovements, { minLength: 1, maxLength: 8 }),
  two: fc.array(blockMovements, { minLength: 1, maxLength: 8 }),
  live: fc.array(blockMovements, { minLength: 1, maxLength: 4 }),
  back: fc.nat(3),
  reads: fc.array(reads, { maxLength: 6 }),
  repaired: fc.array(blockMovements, { maxLength: 2 }),
  turned: fc.option(fc.constantFrom(...ASSETS), { nil: undefined }),
})
type Story = typeof story extends fc.Arbitrary<infer T> ? T : never

/** Reads, repairs and classes after the first blocks. */
function eventsAfter(blocks: readonly Block[], { reads, repaired, turned }: Story): Event {
  return async (journal) => {
    const observations = reads.map(({ account, asset, amount, share }): Observation => {
      const { number, hash } = blocks[Math.floor(share * (blocks.length - 1))] ?? last(blocks)
      return { account, asset, item: '', amount, block: { number, hash }, observedAt: 1 }
    })
    await journal.adopt(observations)
    await journal.repair(
      repaired.flatMap((movements, index) => {
        const block = blocks[index]
        return block === undefined ? [] : [makeBlock(movements, block)]
      }),
    )
    if (turned !== undefined) {
      const evidence = { account: undefined, item: '', journal: 1n, chain: 2n }
      await journal.reclassify({ asset: turned, block: last(blocks), reason: 'supply', evidence } as never)
    }
  }
}

/** Live blocks, and the reorg that follows them. */
function liveAfter(
  blocks: readonly Block[],
  { live, back }: Story,
): { readonly branch: Block[]; readonly reorg: Event } {
  const branch = blocksOf(live, last(blocks).number + 1)
  const ancestor = back === 0 ? last(blocks) : (branch[branch.length - 1 - back] ?? last(blocks))
  const reorg: Event = async (journal) => {
    await journal.rollback(ancestor)
    await append(journal, blocksOf(live.slice(0, 2), ancestor.number + 1, 1))
  }
  return { branch, reorg }
}

async function dumpOf(
  coverage: Coverage,
  work: (journal: Journal, store: SqliteStore) => Promise<void>,
): Promise<string[]> {
  return inFolder(async (folder) => {
    const store = new SqliteStore({ folder, codecOf: () => HEX_ACCOUNTS })
    try {
      const journal = await store.openJournal(CHAIN, coverage)
      await work(journal, store)
      await journal.close()
    } finally {
      await store.close()
    }
    const names = readdirSync(folder).filter((name) => name.startsWith('eip155_1') && name.endsWith('.db'))
    const file = names.find((name) => !name.includes('reads')) ?? ''
    return dumpChain(join(folder, file))
  })
}

test('a chain is stored alike by append, by a bulk load with and without blocks that are not final, and half and half, with reads, repairs, classes and reorgs', async () => {
  await fc.assert(
    fc.asyncProperty(story, async (told) => {
      const { coverage } = told
      const one = blocksOf(told.one, coverage.from)
      const two = blocksOf(told.two, last(one).number + 1)
      const events = eventsAfter(one, told)
      const { branch, reorg } = liveAfter(two, told)
      const live: Event = async (journal) => {
        await append(journal, branch)
        await reorg(journal)
      }
      const appended = await dumpOf(coverage, async (journal) => {
        await backfill(journal, one)
        await events(journal)
        await backfill(journal, two)
        await live(journal)
      })
      const bulk = await dumpOf(coverage, async (journal) => {
        const load = new Load(journal)
        await load.publish(one)
        await events(journal)
        await load.publish(two)
        await load.end()
        await live(journal)
      })
      expect(bulk).toEqual(appended)
      const withTail = await dumpOf(coverage, async (journal) => {
        const load = new Load(journal)
        await load.publish(one)
        await events(journal)
        await load.publish(two, branch)
        await load.end()
        await reorg(journal)
      })
      expect(withTail).toEqual(appended)
      const half = await dumpOf(coverage, async (journal) => {
        const load = new Load(journal)
        await load.publish(one)
        await load.end()
        await events(journal)
        await backfill(journal, two)
        await live(journal)
      })
      expect(half).toEqual(appended)
    }),
    { numRuns: 60 },
  )
}, 180_000)

const KEY = { account: ACCOUNTS[0] ?? '', asset: ASSETS[0], item: '' }

test('readers move to a new generation at their next request, and the file before is gone', async () => {
  await inFolder(async (folder) => {
    const store = new SqliteStore({ folder, codecOf: () => HEX_ACCOUNTS })
    const other = new SqliteStore({ folder, codecOf: () => HEX_ACCOUNTS })
    const journal = await store.openJournal(CHAIN, { scope: { type: 'all' }, from: 0 })
    const readers = [await store.openReads(CHAIN), await other.openReads(CHAIN)]
    const look = () =>
      Promise.all(
        readers.map(async (reader) => {
          const { clock, rows } = await reader.balances([KEY])
          const holders = await reader.holders({ asset: KEY.asset, offset: 0, limit: 5 })
          return [clock.published?.number, rows[0]?.amount, holders.count]
        }),
      )
    expect(await look()).toEqual(readers.map(() => [undefined, undefined, 0]))
    const load = new Load(journal)
    for (const [index, number] of [0, 1, 2].entries()) {
      await load.publish(blocksOf([BLOCK], number))
      await nextTick()
      expect(await look()).toEqual(readers.map(() => [number, 5n * BigInt(index + 1), 1]))
      expect(
        readdirSync(folder)
          .filter((name) => /^eip155_1.*\.db$/.test(name))
          .sort(),
      ).toEqual([`eip155_1.g${index + 1}.db`, 'eip155_1.reads.db'])
    }
    await load.end()
    expect(existsSync(join(folder, 'eip155_1.bulk'))).toBe(false)
    await nextTick()
    await journal.close()
    const again = await store.openJournal(CHAIN, { scope: { type: 'all' }, from: 0 })
    expect((await again.state()).written).toMatchObject({ number: 2 })
    await again.close()
    await store.forget(CHAIN)
    expect(readdirSync(folder).filter((name) => name.startsWith('eip155_1') && !name.endsWith('.lease'))).toEqual([])
    await other.close()
    await store.close()
  })
})

test('a writer that lost its chain publishes nothing', async () => {
  await inFolder(async (folder) => {
    const store = new SqliteStore({ folder, codecOf: () => HEX_ACCOUNTS })
    const journal = await store.openJournal(CHAIN, { scope: { type: 'all' }, from: 0 })
    const load = new Load(journal)
    await load.publish(blocksOf([BLOCK], 0))
    const current = join(folder, 'eip155_1.g1.db')
    const db = new Database(current)
    db.exec('UPDATE chain SET fence = fence + 1')
    db.close()
    await expect(load.publish(blocksOf([BLOCK], 1))).rejects.toMatchObject({ code: 'LEASE_LOST' })
    expect(readFileSync(join(folder, 'eip155_1.current'), 'utf8')).toBe('eip155_1.g1.db\n')
    expect(existsSync(current)).toBe(true)
    await journal.close()
    await store.close()
  })
})
