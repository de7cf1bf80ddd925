import { expect, test } from 'vitest'
import type { Known } from '../core/balance.ts'
import { worstOf } from './as-of.ts'

const KNOWN: Known = {
  known: true,
  amount: 5n,
  block: { number: 123, hash: '0xab' },
  finality: 'finalized',
  source: 'events',
  knownAt: 100,
}
const OF_KNOWN = { block: KNOWN.block, finality: 'finalized', source: 'events', knownAt: 100 }
const WHOLE = { uniform: true, complete: true }

test('rows of one block are uniform; age, finality and source are those of the worst row', () => {
  const read: Known = { ...KNOWN, source: 'reads', knownAt: 99 }
  expect(worstOf([KNOWN, KNOWN])).toEqual({ ...OF_KNOWN, ...WHOLE })
  expect(worstOf([KNOWN, read])).toEqual({ ...OF_KNOWN, ...WHOLE, source: 'reads', knownAt: 99 })
  expect(worstOf([read, KNOWN])).toEqual(worstOf([KNOWN, read]))
})

test('rows of several blocks get the lowest block, and are never more final than the least final row', () => {
  const lower: Known = { ...KNOWN, block: { number: 122, hash: '0xaa' }, knownAt: 200 }
  const newer: Known = { ...KNOWN, block: { number: 140, hash: '0xac' }, finality: 'latest', source: 'reads' }
  const other: Known = { ...KNOWN, block: { number: 123, hash: '0xff' } }
  const apart = { uniform: false, complete: true }
  expect(worstOf([KNOWN, lower])).toEqual({ ...OF_KNOWN, ...apart, block: lower.block })
  expect(worstOf([lower, newer])).toEqual({
    ...apart,
    block: lower.block,
    finality: 'latest',
    source: 'reads',
    knownAt: 100,
  })
  expect(worstOf([KNOWN, other])).toMatchObject(apart)
})

test('unknown balances are ignored', () => {
  expect(worstOf([{ known: false, reason: 'no_archive' }, KNOWN])).toEqual({ ...OF_KNOWN, ...WHOLE })
  expect(worstOf([{ known: false, reason: 'no_archive' }])).toBeUndefined()
})
