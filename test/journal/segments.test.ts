import { expect, test } from 'vitest'
import { MAX_AMOUNT } from '../../src/core/amount.ts'
import { scan, write } from '../../src/journal/plan.ts'
import { newestSegment } from '../../src/journal/rules/segments.ts'
import { changes, openings } from '../../src/journal/tables/facts.ts'
import { MemoryTables } from './memory-tables.ts'

const PAIR = { account: Buffer.from([1]), asset: 1, item: '', fungible: true }
const KEY = { account: PAIR.account, asset: PAIR.asset, item: PAIR.item }

type Read = { readonly block: number; readonly amount: bigint; readonly since?: number }

/** The newest segment of a pair with these running sums after blocks and these reads, and the reads that are left. */
function segmentOf(
  sums: Readonly<Record<number, bigint>>,
  { reads, coverage }: { readonly reads: readonly Read[]; readonly coverage: bigint | undefined },
) {
  const engine = new MemoryTables()
  engine.run(
    write((changeset) => {
      for (const [block, sum] of Object.entries(sums)) {
        changeset.insert(changes, { ...KEY, block: Number(block), log: 0, sub: 0, delta: 0n, sum })
      }
      for (const { block, amount, since = 0 } of reads) {
        changeset.insert(openings, { ...KEY, block, hash: '0x', amount, since })
      }
    }),
  )
  const segment = engine.run(newestSegment(PAIR, coverage))
  const left = engine.run(scan(openings, { order: ['block'] }))
  return { ...segment, left: left.map(({ block, since }) => ({ block, since })) }
}

test('an opening of coverage closes at the block at whose end the sum leaves the range', () => {
  const all = { reads: [], coverage: 0n }
  expect(segmentOf({ 1: 5n, 2: 0n }, all)).toEqual({ opening: 0n, closedBlock: undefined, left: [] })
  expect(segmentOf({ 1: 5n, 2: -1n, 3: 4n }, all)).toEqual({ opening: 0n, closedBlock: 2, left: [] })
  expect(segmentOf({ 4: MAX_AMOUNT + 1n }, all)).toMatchObject({ closedBlock: 4 })
})

test('a read opens a pair from its read back to where the sum was last out of range', () => {
  const late = { coverage: undefined }
  expect(segmentOf({ 5: -3n }, { ...late, reads: [{ block: 6, amount: 7n }] })).toEqual({
    ...{ opening: 10n, closedBlock: undefined, left: [{ block: 6, since: 0 }] },
  })
  expect(segmentOf({ 5: -30n, 8: -3n }, { ...late, reads: [{ block: 9, amount: 7n }] })).toEqual({
    ...{ opening: 10n, closedBlock: undefined, left: [{ block: 9, since: 8 }] },
  })
})

test('a read of a closed segment reopens it, and a read that the segment covers is deleted', () => {
  const reads = [
    { block: 1, amount: 5n },
    { block: 3, amount: 9n },
  ]
  expect(segmentOf({ 1: 5n, 2: -1n, 3: 4n }, { coverage: 0n, reads })).toEqual({
    ...{ opening: 5n, closedBlock: undefined, left: [{ block: 3, since: 3 }] },
  })
})

test('sums out of range within a block do not close, and there may be very many of them', () => {
  const engine = new MemoryTables()
  engine.run(
    write((changeset) => {
      for (let block = 1; block <= 400; block++) {
        changeset.insert(changes, { ...KEY, block, log: 0, sub: 0, delta: -9n, sum: -9n })
        changeset.insert(changes, { ...KEY, block, log: 1, sub: 0, delta: 9n, sum: block === 400 ? -1n : 0n })
      }
    }),
  )
  expect(engine.run(newestSegment(PAIR, 0n))).toEqual({ opening: 0n, closedBlock: 400 })
})
