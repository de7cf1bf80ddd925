/** A block with 100,000 transfers. */
import { test } from 'vitest'
import { expectLoaded } from './large-block.ts'

test(
  'a block with 100,000 transfers is loaded in bounded memory, row by row as its node has it',
  () => expectLoaded(100_000),
  600_000,
)
