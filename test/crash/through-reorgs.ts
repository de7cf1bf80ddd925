import { expect, onTestFinished } from 'vitest'
import type { ChainId } from '../../src/core/chain.ts'
import { WRITER_STEPS } from '../../src/store/engine/writer-engine.ts'
import { ENGINES, placeMaker, type StorePlace } from '../store/engines.ts'
import { type Death, liveIn } from './live.ts'

/**
 * A chain whose indexer is killed. `script`: the indexer, and its arguments behind the store. `reorgs`: replace blocks, one after the
 * other.
 */
export type KilledChain = {
  readonly chain: ChainId
  readonly script: readonly [string, ...string[]]
  readonly reorgs: readonly (() => Promise<void>)[]
}

/** Reorgs after the trunk: how many blocks, and by how many they are replaced. One makes the chain shorter. */
export function reorgsOf(deepest: number) {
  return [
    { depth: 1, blocks: 2 },
    { depth: deepest, blocks: deepest + 3 },
    { depth: 7, blocks: 4 },
  ]
}

/** In `npm test` the local engine alone: kills of blocks and reorgs on every engine are in `kill.test.ts`. */
const FULL = ENGINES.filter(({ isFull }) => isFull)

/**
 * Kills the indexer of a chain at the steps of a write and at random times, during its backfill and after each reorg. On each engine,
 * the store is then that of an undisturbed run.
 */
export async function killThroughReorgs({ chain, script, reorgs }: KilledChain): Promise<void> {
  const killed = await Promise.all(
    FULL.map(async ({ name, makePlace }) => ({ name, place: await newPlace(makePlace), kills: 0 })),
  )
  const stepsOf = (write: string) => WRITER_STEPS.filter((step) => step.startsWith(write))
  const [append, rollback] = [stepsOf('append'), stepsOf('rollback')]
  const compare = async (deaths: readonly Death[]): Promise<readonly string[]> => {
    const undisturbed = await newPlace(placeMaker('sqlite'))
    await liveIn(undisturbed, script, 'natural')
    const expected = await undisturbed.dumpChain(chain)
    for (const store of killed) {
      for (const death of deaths) if (await liveIn(store.place, script, death)) store.kills++
      await liveIn(store.place, script, 'natural')
      expect(await store.place.dumpChain(chain), store.name).toEqual(expected)
    }
    return expected
  }
  const at = (step: (typeof WRITER_STEPS)[number] = 'append:rows'): Death => ({ step, count: 1 })
  const dump = await compare([...append.map(at), { afterMs: 0 }, { afterMs: 40 }])
  expect(dump.filter((line) => line.startsWith('transfers ')).length).toBeGreaterThan(200)
  for (const [nth, reorg] of reorgs.entries()) {
    await reorg()
    const steps = [rollback, append].map((of) => at(of[nth % of.length]))
    await compare([...steps, { afterMs: nth * 10 }])
  }
  for (const { name, kills } of killed) expect(kills, name).toBeGreaterThanOrEqual(8)
}

async function newPlace(makePlace: () => Promise<StorePlace>): Promise<StorePlace> {
  const place = await makePlace()
  onTestFinished(() => place.end())
  return place
}
