import fc from 'fast-check'
import { test } from 'vitest'
import { compareOnce } from './once.ts'
import { story } from './told-story.ts'

test('a new chain that is published at once is stored alike on each engine, and as if it had been appended', async () => {
  await fc.assert(fc.asyncProperty(story, compareOnce), { numRuns: 4, seed: 15 })
}, 120_000)
