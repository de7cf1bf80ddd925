import fc from 'fast-check'
import { test } from 'vitest'
import { ENGINES } from '../store/engines.ts'
import { compareWays } from './three-ways.ts'
import { story } from './told-story.ts'

/** Stories that are told on each engine, and the first seed. */
const STORIES: Readonly<Record<string, number>> = { sqlite: 1_000, postgres: 100 }
const SEED = 1

for (const { name, makePlace } of ENGINES) {
  const stories = STORIES[name] ?? 1
  test(`a chain is stored alike by append, by a bulk load into ${name}, and half and half, in ${stories} stories`, async () => {
    await fc.assert(
      fc.asyncProperty(story, (told) => compareWays(told, makePlace)),
      { numRuns: stories, seed: SEED },
    )
  }, 7_200_000)
}
