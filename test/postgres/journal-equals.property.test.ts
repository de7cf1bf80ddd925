/** The same histories through both engines' journals leave the same rows. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Header } from '../../src/core/block.ts'
import type { Journal } from '../../src/store/seam/store.ts'
import { blockMovements, hashOf, type Movement, makeBlock } from '../store/chains.ts'
import { dumpAfter, ENGINES } from '../store/engines.ts'

/** Batches of blocks, each followed by the rollback of some blocks (0: none), and perhaps by a finalized block. */
const story = fc.array(
  fc.record({
    blocks: fc.array(blockMovements, { minLength: 1, maxLength: 4 }),
    together: fc.boolean(),
    back: fc.integer({ min: 0, max: 3 }),
    finalizes: fc.boolean(),
  }),
  { minLength: 1, maxLength: 5 },
)
type Story = readonly {
  readonly blocks: readonly (readonly Movement[])[]
  readonly together: boolean
  readonly back: number
  readonly finalizes: boolean
}[]

async function tell(told: Story, journal: Journal): Promise<void> {
  let headers: Header[] = []
  let finalized = -1
  for (const [branch, { blocks, together, back, finalizes }] of told.entries()) {
    const added = blocks.map((movements, index) => {
      const number = headers.length + index
      const parentHash = index === 0 ? (headers.at(-1)?.hash ?? '0x') : hashOf(branch, number - 1)
      const header: Header = { number, hash: hashOf(branch, number), parentHash, timestamp: number * 12 }
      return { header, block: makeBlock(movements, header) }
    })
    for (const batch of together ? [added] : added.map((one) => [one])) {
      const of = batch.map(({ header }) => header)
      const [first, through] = [of[0], of.at(-1)]
      if (first === undefined || through === undefined) throw new Error('a batch has a block')
      const its = batch.map(({ block }) => block)
      await journal.append({ first: first.number, through, blocks: its, headers: of })
      headers.push(...of)
    }
    const ancestor = headers[Math.max(headers.length - 1 - back, finalized, 0)]
    if (ancestor === undefined) throw new Error('there is a block')
    if (back > 0) await journal.rollback(ancestor)
    headers = headers.slice(0, ancestor.number + 1)
    if (!finalizes) continue
    await journal.finalize(ancestor)
    finalized = ancestor.number
  }
}

test('all engines hold the same rows after the same appends, rollbacks and finalized blocks', async () => {
  await fc.assert(
    fc.asyncProperty(story, async (told) => {
      const dumps: (readonly string[])[] = []
      for (const { makePlace } of ENGINES) {
        dumps.push(await dumpAfter(makePlace, { scope: { type: 'all' }, from: 0 }, (journal) => tell(told, journal)))
      }
      const [first, ...others] = dumps
      expect(first?.length).toBeGreaterThan(0)
      for (const dump of others) expect(dump).toEqual(first)
    }),
    { numRuns: 12, seed: 15 },
  )
}, 120_000)
