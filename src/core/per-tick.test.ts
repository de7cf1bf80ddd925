import { setImmediate as nextTick } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { gatherPerTick } from './per-tick.ts'

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
