/** A story's chain through append, through a bulk load, and half and half. */
import { expect } from 'vitest'
import { placeMaker, type StorePlace } from '../store/engines.ts'
import { dumpOf, last, partsOf, type Site, type Way, withoutTimes } from './site.ts'
import { type Block, blocksOf, type Told } from './told-story.ts'

type MakePlace = () => Promise<StorePlace>

const events = async (site: Site, parts: readonly number[]): Promise<void> => {
  for (const part of parts) await site.events(part)
}

async function append(site: Site, parts: readonly (readonly Block[])[], from = 0): Promise<void> {
  for (const [index, blocks] of parts.entries()) {
    await site.backfill(blocks)
    await events(site, [from + index])
  }
}

/** Publishes each part. `tail`: the last one is published with these blocks, and its events happen before that. */
async function publish(
  site: Site,
  parts: readonly (readonly Block[])[],
  { from = 0, tail = [] as readonly Block[] },
): Promise<void> {
  const { told } = site
  const isLast = (index: number): boolean => index === parts.length - 1
  let waiting: number[] = []
  for (const [index, blocks] of parts.entries()) {
    const late = waiting
    waiting = []
    await site.publish(blocks, {
      tail: isLast(index) ? tail : [],
      // A process that ends takes its builds with it.
      during: async () => events(site, late),
    })
    const { isLate = false, ends = false } = told.parts[from + index] ?? {}
    if (isLate && !ends && !isLast(index)) waiting = [from + index]
    else await events(site, [from + index])
  }
  await site.end()
}

/** Appends, and then is on a lost branch for a while. */
const appended =
  (cut: number, lost: readonly Block[]): Way =>
  async (site, parts) => {
    await append(site, parts.slice(0, cut))
    await getLost(site, lost)
    await append(site, parts.slice(cut), cut)
  }

async function getLost(site: Site, lost: readonly Block[]): Promise<void> {
  if (lost.length === 0) return
  await site.follow(lost)
  await site.rollBack(lost.length)
}

/** Compares a story whose live blocks are published with the last final ones. */
async function compareTail(told: Told, makePlace: MakePlace): Promise<void> {
  const { parts, live } = partsOf(told)
  const isLast = (index: number): boolean => index === parts.length - 1
  const quiet = {
    ...told,
    parts: told.parts.map((part, index) => ({ ...part, events: isLast(index) ? [] : part.events })),
  }
  const withTail = await dumpOf(quiet, (site, own) => publish(site, own, { tail: [...live] }), {
    hasTail: true,
    makePlace,
  })
  expect(withoutTimes(withTail)).toEqual(withoutTimes(await dumpOf(quiet, append)))
}

/**
 * Compares a story through append, through a bulk load with and without blocks that are not final, and half and half. `makePlace`:
 * of the engine of those that are loaded in bulk; what is appended is in the embedded store.
 */
export async function compareWays(told: Told, makePlace: MakePlace = placeMaker('sqlite')): Promise<void> {
  const { parts } = partsOf(told)
  const cut = 1 + (told.cut % (parts.length - 1))
  const lost = blocksOf(told, told.lost, { first: last(parts[cut - 1] ?? []).number + 1, branch: 1 })
  const straight = await dumpOf(told, appended(cut, []))
  const all = await dumpOf(told, (site, own) => publish(site, own, {}), { makePlace })
  expect(all).toEqual(straight)
  if (told.hasTail) await compareTail(told, makePlace)
  const crooked = lost.length === 0 ? straight : await dumpOf(told, appended(cut, lost))
  const bulkFirst = await dumpOf(
    told,
    async (site, own) => {
      await publish(site, own.slice(0, cut), {})
      await getLost(site, lost)
      await append(site, own.slice(cut), cut)
    },
    { makePlace },
  )
  expect(bulkFirst).toEqual(crooked)
  const bulkLast = await dumpOf(
    told,
    async (site, own) => {
      await append(site, own.slice(0, cut))
      await getLost(site, lost)
      await publish(site, own.slice(cut), { from: cut })
    },
    { makePlace },
  )
  expect(bulkLast).toEqual(crooked)
}
