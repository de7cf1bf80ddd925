import fc from 'fast-check'
import { test } from 'vitest'
import { compareWays } from './three-ways.ts'
import { story } from './told-story.ts'

test('a chain is stored alike by append, by a bulk load, and half and half, whatever happens meanwhile', async () => {
  await fc.assert(fc.asyncProperty(story, compareWays), { numRuns: 20, seed: 14 })
}, 180_000)
