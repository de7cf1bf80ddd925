import { setImmediate as nextTick } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { gatherPerTick, gatherWhileBusy } from './per-tick.ts'

test('what is added in one tick is run together, and what is added by the run is run in the next one', async () => {
  const runs: (readonly number[])[] = []
  const add = gatherPerTick<number>((gathered) => {
    runs.push(gathered)
    if (gathered.includes(1)) add(3)
  })
  add(1)
  add(2)
  expect(runs).toEqual([])
  await nextTick()
  expect(runs).toEqual([[1, 2]])
  await nextTick()
  expect(runs).toEqual([[1, 2], [3]])
})

/** Runs that go on until the test ends them. */
function heldRuns() {
  const runs: { readonly gathered: readonly number[]; readonly began: () => void; readonly end: () => void }[] = []
  const add = gatherWhileBusy<number>((gathered, began) => {
    return new Promise<void>((end) => runs.push({ gathered, began, end }))
  })
  return { runs, add, gathered: () => runs.map((run) => run.gathered) }
}

test('what is added while a run begins waits until it has begun, or ended', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const { runs, add, gathered } = heldRuns()
  add(1)
  add(2)
  await nextTick()
  for (const one of [3, 4]) {
    add(one)
    await nextTick()
  }
  expect(gathered()).toEqual([[1, 2]])
  runs[0]?.began()
  await nextTick()
  expect(gathered()).toEqual([
    [1, 2],
    [3, 4],
  ])
  // The first one, which still runs, has nothing more to say.
  runs[0]?.began()
  runs[0]?.end()
  add(5)
  await nextTick()
  await nextTick()
  expect(runs).toHaveLength(2)
  runs[1]?.end()
  await nextTick()
  await nextTick()
  expect(gathered().at(-1)).toEqual([5])
})

test('but not for long', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const { add, gathered } = heldRuns()
  add(1)
  await nextTick()
  add(2)
  vi.advanceTimersByTime(4)
  await nextTick()
  expect(gathered()).toEqual([[1]])
  vi.advanceTimersByTime(1)
  await nextTick()
  expect(gathered()).toEqual([[1], [2]])
})
