import fc from 'fast-check'
import { test } from 'vitest'
import { compareOnce } from './once.ts'
import { story } from './told-story.ts'

/** Stories that are told, and the first seed. */
const STORIES = 200
const SEED = 1

test(`a new chain that is published at once is stored alike on each engine, in ${STORIES} stories`, async () => {
  await fc.assert(fc.asyncProperty(story, compareOnce), { numRuns: STORIES, seed: SEED })
}, 3_600_000)
