/** The short forms of `memory.long.ts`. */
import { test } from 'vitest'
import { expectBounded } from './memory-limits.ts'
import type { ShapeName } from './shaped-chain.ts'

test.each<[ShapeName, number]>([['undecodable tokens', 50_000]])(
  '%s with %i events is loaded in bounded memory',
  (shape, events) => expectBounded(shape, events),
  180_000,
)
