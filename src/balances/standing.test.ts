import { expect, test } from 'vitest'
import type { Known } from '../core/balance.ts'
import { leastFresh } from './standing.ts'

const KNOWN: Known = {
  known: true,
  amount: 5n,
  block: { number: 123, hash: '0xab' },
  finality: 'finalized',
  source: 'events',
  knownAt: 100,
}

test('the least fresh part is of the lowest block, then the longest ago; unknown parts are passed over', () => {
  const lower: Known = { ...KNOWN, block: { number: 122, hash: '0xaa' }, knownAt: 200 }
  const older: Known = { ...KNOWN, knownAt: 99 }
  expect(leastFresh([KNOWN, older])).toBe(older)
  expect(leastFresh([KNOWN, lower, older])).toBe(lower)
  expect(leastFresh([{ known: false, reason: 'no_archive' }, KNOWN])).toBe(KNOWN)
  expect(leastFresh([{ known: false, reason: 'no_archive' }])).toBeUndefined()
})
