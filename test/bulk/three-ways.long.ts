import fc from 'fast-check'
import { test } from 'vitest'
import { compareWays } from './three-ways.ts'
import { story } from './told-story.ts'

/** Stories that are told, and the first seed. */
const STORIES = 1_000
const SEED = 1

test(`a chain is stored alike by append, by a bulk load, and half and half, in ${STORIES} stories`, async () => {
  await fc.assert(fc.asyncProperty(story, compareWays), { numRuns: STORIES, seed: SEED })
}, 7_200_000)
