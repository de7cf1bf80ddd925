import fc from 'fast-check'
import { test } from 'vitest'
import { ENGINES } from '../store/engines.ts'
import { compareWays } from './three-ways.ts'
import { story } from './told-story.ts'

/** Stories that are told on each engine. */
const STORIES: Readonly<Record<string, number>> = { sqlite: 20, postgres: 2 }

for (const { name, makePlace } of ENGINES) {
  test(`a chain is stored alike by append, by a bulk load into ${name}, and half and half, whatever happens meanwhile`, async () => {
    const runs = { numRuns: STORIES[name] ?? 1, seed: 14 }
    await fc.assert(
      fc.asyncProperty(story, (told) => compareWays(told, makePlace)),
      runs,
    )
  }, 180_000)
}
