import { expect, test } from 'vitest'
import type { Known } from '../../core/balance.ts'
import { parseChainId } from '../../core/chain.ts'
import { asOfKnown } from './as-of-header.ts'

const CHAIN = parseChainId('eip155:1')
const KNOWN: Known = {
  known: true,
  amount: 5n,
  block: { number: 123, hash: '0xab' },
  finality: 'finalized',
  source: 'events',
  knownAt: 100,
}

test('the header names chain, block, finality, source and age', () => {
  if (CHAIN === undefined) throw new Error('no chain')
  expect(asOfKnown(CHAIN, KNOWN, 102.9)).toBe('"eip155:1";block=123;hash="0xab";finality=finalized;source=events;age=2')
  expect(asOfKnown(CHAIN, { ...KNOWN, source: 'reads', finality: 'latest' }, 90)).toBe(
    '"eip155:1";block=123;hash="0xab";finality=latest;source=reads;age=0',
  )
  expect(asOfKnown(CHAIN, { ...KNOWN, block: { number: 0, hash: 'a"\\\n\u00e9' } }, 100)).toBe(
    '"eip155:1";block=0;hash="a\\"\\\\";finality=finalized;source=events;age=0',
  )
})

test('the header reports rows of different blocks, and rows that may be missing', () => {
  if (CHAIN === undefined) throw new Error('no chain')
  const plain = '"eip155:1";block=123;hash="0xab";finality=finalized;source=events;age=0'
  expect(asOfKnown(CHAIN, { ...KNOWN, uniform: true, complete: true }, 100)).toBe(plain)
  expect(asOfKnown(CHAIN, { ...KNOWN, uniform: false, complete: true }, 100)).toBe(`${plain};uniform=?0`)
  expect(asOfKnown(CHAIN, { ...KNOWN, complete: false }, 100)).toBe(`${plain};complete=?0`)
  expect(asOfKnown(CHAIN, { ...KNOWN, uniform: false, complete: false }, 100)).toBe(`${plain};uniform=?0;complete=?0`)
})
