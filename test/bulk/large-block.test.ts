/** The short form of `large-block.long.ts`. */
import { test } from 'vitest'
import { expectLoaded } from './large-block.ts'

test(
  'a block with 10,000 transfers is loaded in bounded memory, row by row as its node has it',
  () => expectLoaded(10_000),
  120_000,
)
