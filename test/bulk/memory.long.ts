/** Loads of chains of the most one-sided inputs, in bounded memory. */
import { test } from 'vitest'
import { expectBounded } from './memory-limits.ts'
import type { ShapeName } from './shaped-chain.ts'

test.each<[ShapeName, number]>([
  ['one account', 20_000_000],
  ['one token', 20_000_000],
  ['tokens of one account', 2_000_000],
  ['tokens of many accounts', 2_000_000],
  ['undecodable tokens', 1_000_000],
])('%s with %i events is loaded in bounded memory', (shape, events) => expectBounded(shape, events), 1_800_000)
