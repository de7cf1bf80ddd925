import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Header } from '../../src/core/block.ts'
import type { Coverage } from '../../src/core/coverage.ts'
import type { BlockTransfers } from '../../src/core/transfer.ts'
import type { Journal } from '../../src/store/seam/store.ts'
import { ACCOUNTS, blockMovements, hashOf, makeBlock } from './chains.ts'
import { dumpAfter, ENGINES } from './engines.ts'
import { hintsOf } from './hints.ts'

describe.each(ENGINES)('$name', ({ name, makePlace }) => {
  const content = fc.record({ movements: blockMovements, hints: fc.array(hintsOf(), { maxLength: 3 }) })
  type Content = typeof content extends fc.Arbitrary<infer T> ? T : never

  const coverages: readonly Coverage[] = [
    { scope: { type: 'all' }, from: 0 },
    { scope: { type: 'all' }, from: 10 },
    { scope: { type: 'accounts', accounts: ACCOUNTS.slice(0, 2) }, from: 0 },
  ]

  function blockOf({ movements, hints }: Content, header: Header): BlockTransfers & Header {
    return { ...makeBlock(movements, header), ...header, hints }
  }

  function headerOf(branch: number, number: number, parent: Header | undefined): Header {
    return { number, hash: hashOf(branch, number), parentHash: parent?.hash ?? '0x', timestamp: number * 12 }
  }

  /** The dump of a chain's file without the classes, since a class may survive the block that caused it. */
  async function dumpOf(coverage: Coverage, work: (journal: Journal) => Promise<void>): Promise<string[]> {
    return (await dumpAfter(makePlace, coverage, work)).filter((line) => !line.startsWith('turns '))
  }

  async function append(journal: Journal, block: BlockTransfers & Header): Promise<void> {
    await journal.append({ first: block.number, through: block, blocks: [block], headers: [block] })
  }

  async function appendAll(
    journal: Journal,
    from: number,
    blocks: readonly (BlockTransfers & Header)[],
  ): Promise<void> {
    const through = blocks.at(-1)
    if (through !== undefined) await journal.append({ first: from, through, blocks, headers: [] })
  }

  const history = fc.array(
    fc.record({ blocks: fc.array(content, { minLength: 1, maxLength: 4 }), back: fc.integer({ min: 0, max: 5 }) }),
    { minLength: 1, maxLength: 5 },
  )

  test('a chain with hints that is appended block by block with rollbacks is stored as in one batch', async () => {
    await fc.assert(
      fc.asyncProperty(history, fc.constantFrom(...coverages), async (branches, coverage) => {
        const { from } = coverage
        let standing: (BlockTransfers & Header)[] = []
        const played = await dumpOf(coverage, async (journal) => {
          for (const [branch, { blocks, back }] of branches.entries()) {
            for (const one of blocks) {
              const block = blockOf(one, headerOf(branch, from + standing.length, standing.at(-1)))
              await append(journal, block)
              standing.push(block)
            }
            const ancestor = standing.at(-1 - back)
            if (back === 0 || ancestor === undefined) continue
            await journal.rollback(ancestor)
            standing = standing.filter(({ number }) => number <= ancestor.number)
          }
        })
        expect(played).toEqual(await dumpOf(coverage, (journal) => appendAll(journal, from, standing)))
      }),
      { numRuns: name === 'sqlite' ? 60 : 12 },
    )
  }, 120_000)

  test('a repair adds missed hints, with the same result as if they had never been missed', async () => {
    const story = fc.array(fc.record({ one: content, missed: fc.bigInt({ min: 0n, max: 511n }) }), {
      minLength: 1,
      maxLength: 7,
    })
    await fc.assert(
      fc.asyncProperty(story, fc.constantFrom(...coverages), async (blocks, coverage) => {
        const whole: (BlockTransfers & Header)[] = []
        for (const { one } of blocks) {
          whole.push(blockOf(one, headerOf(0, coverage.from + whole.length, whole.at(-1))))
        }
        const seen = whole.map(({ transfers, hints = [], ...block }, index) => {
          const isThere = (place: number): boolean => (((blocks[index]?.missed ?? 0n) >> BigInt(place)) & 1n) === 0n
          return {
            ...block,
            transfers: transfers.filter((_, place) => isThere(place)),
            hints: hints.filter((_, place) => isThere(place + 6)),
          }
        })
        const straight = await dumpOf(coverage, (journal) => appendAll(journal, coverage.from, whole))
        const repaired = await dumpOf(coverage, async (journal) => {
          for (const block of seen) await append(journal, block)
          await journal.repair(whole)
        })
        expect(repaired).toEqual(straight)
      }),
      { numRuns: name === 'sqlite' ? 60 : 12 },
    )
  }, 120_000)
})
