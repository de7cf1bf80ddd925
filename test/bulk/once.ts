/** A story's new chain that is published at once, on each engine, and one that is appended. */
import { expect } from 'vitest'
import { ENGINES } from '../store/engines.ts'
import { dumpOf, partsOf, withoutTimes } from './site.ts'
import type { Told } from './told-story.ts'

/**
 * Compares a story whose final blocks are published at once, in the place of a chain without blocks, with one that appends them:
 * on each engine. What happens in the first part happens before, and what happens in the last part after that.
 */
export async function compareOnce(told: Told): Promise<void> {
  const [first, end] = [told.parts[0]?.events ?? [], told.parts.at(-1)?.events ?? []]
  const once = {
    ...told,
    parts: [
      {
        blocks: told.parts.flatMap(({ blocks }) => blocks),
        events: end,
        isLate: false,
        ends: told.parts[0]?.ends ?? false,
      },
    ],
  }
  const { live } = partsOf(once)
  const { hasTail } = told
  const straight = await dumpOf(
    once,
    async (site, [blocks = []]) => {
      await site.early(first, blocks)
      await site.backfill(blocks)
      if (hasTail) await site.follow(live)
      await site.events(0)
    },
    { hasTail },
  )
  for (const { name, makePlace } of ENGINES) {
    const bulk = await dumpOf(
      once,
      async (site, [blocks = []]) => {
        await site.publish(blocks, { tail: hasTail ? live : [], during: () => site.early(first, blocks) })
        await site.events(0)
        await site.end()
      },
      { hasTail, makePlace },
    )
    if (hasTail) expect(withoutTimes(bulk), name).toEqual(withoutTimes(straight))
    else expect(bulk, name).toEqual(straight)
  }
}
