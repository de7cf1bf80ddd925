import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Observation } from '../../src/core/balance.ts'
import type { Header } from '../../src/core/block.ts'
import type { Coverage } from '../../src/core/coverage.ts'
import type { BlockTransfers } from '../../src/core/transfer.ts'
import type { Journal } from '../../src/store/seam/store.ts'
import { ACCOUNTS, ASSETS, blockMovements, hashOf, type Movement, makeBlock } from './chains.ts'
import { dumpAfter, ENGINES } from './engines.ts'

describe.each(ENGINES)('$name', ({ name, makePlace }) => {
  /** A chain of blocks, and for each block the transfers that the journal missed or invented. */
  const story = fc.record({
    blocks: fc.array(fc.record({ movements: blockMovements, missed: fc.bigInt({ min: 0n, max: 63n }) }), {
      minLength: 1,
      maxLength: 8,
    }),
    invented: fc.array(blockMovements, { minLength: 8, maxLength: 8 }),
    invents: fc.boolean(),
    scope: fc.constantFrom('all', 'accounts'),
    from: fc.constantFrom(0, 10),
    /**
     * Reads at the end of a block, at most one per account. They are adopted if the pair is unknown or contradicts
     * itself.
     */
    reads: fc.uniqueArray(
      fc.record({ account: fc.nat(4), block: fc.nat(7), amount: fc.bigInt({ min: 0n, max: 3_000n }) }),
      { maxLength: 3, selector: ({ account }) => account },
    ),
    /** Blocks appended after the repair. */
    later: fc.array(blockMovements, { maxLength: 2 }),
    /** Blocks that are rolled back at the end, which may include repaired blocks and the blocks of the reads. */
    back: fc.option(fc.nat(8), { nil: undefined }),
  })

  async function append(journal: Journal, block: BlockTransfers & Header): Promise<void> {
    await journal.append({ first: block.number, through: block, blocks: [block], headers: [block] })
  }

  /**
   * The first of all logs, never missed. A read of 0 counts for a known token, and not for any other contract. Without
   * this log, the store would show whether only an invented log had made the token known.
   */
  const KNOWN: Movement = { asset: ASSETS[1], from: undefined, to: undefined, amount: 0n, item: 0 }

  test('a repaired store equals one that never missed anything', async () => {
    await fc.assert(
      fc.asyncProperty(story, async ({ blocks, invented, invents, scope, from, reads, later, back }) => {
        const coverage: Coverage = {
          scope: scope === 'all' ? { type: 'all' } : { type: 'accounts', accounts: ACCOUNTS.slice(0, 2) },
          from,
        }
        const headerOf = (number: number): Header => ({
          number,
          hash: hashOf(0, number),
          parentHash: number === from ? '0x' : hashOf(0, number - 1),
          timestamp: number * 12,
        })
        const whole = blocks.map(({ movements }, index) => {
          const header = headerOf(from + index)
          return { ...makeBlock(index === 0 ? [KNOWN, ...movements] : movements, header), ...header }
        })
        const seen = whole.map((block, index) => {
          const missed = (blocks[index]?.missed ?? 0n) << (index === 0 ? 1n : 0n)
          const kept = block.transfers.filter((_, place) => (missed >> BigInt(place)) % 2n === 0n)
          const extra = invents ? makeBlock(invented[index] ?? [], block).transfers : []
          const places = new Set(kept.map(({ event }) => event))
          return { ...block, transfers: [...kept, ...extra.filter(({ event }) => !places.has(event))] }
        })
        const observed = reads
          .filter(({ block }) => block < whole.length)
          .map(({ account, block, amount }): Observation => {
            const holder = ACCOUNTS[account % ACCOUNTS.length] ?? ''
            // This contract has no items: a repair cannot undo the effect of an invented item on the reads of a contract.
            return { account: holder, asset: ASSETS[1], item: '', amount, block: headerOf(from + block), observedAt: 0 }
          })
        const after = later.map((movements, index) => {
          const header = headerOf(from + whole.length + index)
          return { ...makeBlock(movements, header), ...header }
        })
        const all = [...whole, ...after]
        const ancestor = back === undefined ? undefined : all[Math.max(0, all.length - 1 - back)]
        const straight = await dumpAfter(makePlace, coverage, async (journal) => {
          for (const block of whole) await append(journal, block)
          await journal.adopt(observed)
          for (const block of after) await append(journal, block)
          if (ancestor !== undefined) await journal.rollback(ancestor)
        })
        const repaired = await dumpAfter(makePlace, coverage, async (journal) => {
          for (const block of seen) await append(journal, block)
          // Missing transfers close pairs, which these reads reopen until the repair.
          await journal.adopt(observed)
          await journal.repair(whole)
          expect(await journal.repair(whole)).toEqual({
            ...{ compared: whole.length, inserted: 0, removed: 0 },
            ...{ changed: [], accounts: [] },
          })
          await journal.adopt(observed)
          for (const block of after) await append(journal, block)
          if (ancestor !== undefined) await journal.rollback(ancestor)
        })
        expect(repaired).toEqual(straight)
      }),
      { numRuns: name === 'sqlite' ? 120 : 24 },
    )
  }, 120_000)
})
