import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Header } from '../../src/core/block.ts'
import type { Coverage } from '../../src/core/coverage.ts'
import type { BlockTransfers } from '../../src/core/transfer.ts'
import { ACCOUNTS, blockMovements, hashOf, makeBlock } from '../store/chains.ts'
import { dumpChain } from '../store/dump.ts'
import { hintsOf } from '../store/hints.ts'
import {
  appendedFile,
  builtFile,
  type Chain,
  helperOf,
  inFolder,
  integrityOf,
  pageSink,
  sqlSink,
  TINY,
} from './built-file.ts'

const content = fc.record({ movements: blockMovements, hints: fc.array(hintsOf(), { maxLength: 2 }) })
const chain = fc.record({
  contents: fc.array(content, { minLength: 1, maxLength: 20 }),
  coverage: fc.constantFrom<Coverage>(
    { scope: { type: 'all' }, from: 0 },
    { scope: { type: 'all' }, from: 10 },
    { scope: { type: 'accounts', accounts: ACCOUNTS.slice(0, 2) }, from: 0 },
    { scope: { type: 'accounts', accounts: ACCOUNTS.slice(1, 3) }, from: 10 },
  ),
})

/** An account with a first byte of its own, so that accounts are in several partitions. */
const spread = (account: string): string =>
  `0x${(0x2b * Number(account.at(-1))).toString(16).padStart(2, '0')}${account.slice(4)}`

const spreadOf = ({ scope, from }: Coverage): Coverage =>
  scope.type === 'accounts' ? { scope: { ...scope, accounts: scope.accounts.map(spread) }, from } : { scope, from }

/** Blocks with the contents, each a few numbers after the one before. */
function chainOf({ contents, coverage }: typeof chain extends fc.Arbitrary<infer T> ? T : never): Chain {
  const blocks = contents.map(({ movements, hints }, index): BlockTransfers => {
    const number = coverage.from + 3 * index
    const header: Header = {
      number,
      hash: hashOf(0, number),
      parentHash: hashOf(0, number - 1),
      timestamp: number * 12,
    }
    const moved = movements.map((one) => ({ ...one, from: one.from && spread(one.from), to: one.to && spread(one.to) }))
    const told = hints.map((hint) => ({ ...hint, account: spread(hint.account) }))
    return { ...makeBlock(moved, header), ...(told.length > 0 ? { hints: told } : {}) }
  })
  const last = coverage.from + 3 * contents.length
  return {
    coverage: spreadOf(coverage),
    blocks,
    through: { number: last, hash: hashOf(0, last), parentHash: '0x', timestamp: last * 12 },
  }
}

test('a chain that is built from its raw log has the rows of the same chain as it is appended', async () => {
  await fc.assert(
    fc.asyncProperty(chain, fc.boolean(), fc.integer({ min: 0, max: 256 }), async (given, isTiny, shared) => {
      await inFolder(async (folder) => {
        const chain = chainOf(given)
        const appended = await appendedFile(folder, chain)
        const expected = dumpChain(appended)
        for (const [name, sink] of Object.entries({ sqlSink, pageSink })) {
          const { file } = await builtFile(join(folder, name), chain, isTiny ? { sink, sizes: TINY } : { sink })
          expect(dumpChain(file)).toEqual(expected)
          expect(integrityOf(file)).toBe('ok')
        }
        const helper = helperOf(shared)
        const { file } = await builtFile(join(folder, 'shared'), chain, isTiny ? { helper, sizes: TINY } : { helper })
        expect(dumpChain(file)).toEqual(expected)
        expect(integrityOf(file)).toBe('ok')
      })
    }),
    { numRuns: 60 },
  )
}, 120_000)
