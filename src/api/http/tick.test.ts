import { setImmediate as nextTick } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { keepTickShape, ticks } from './tick.ts'

test('all who ask in a turn go on together, after it and not in it', async () => {
  const endOfTick = ticks()
  const said: string[] = []
  const first = endOfTick().then(() => said.push('first'))
  await Promise.resolve()
  const second = endOfTick().then(() => said.push('second'))
  said.push('turn')
  await Promise.all([first, second])
  expect(said).toEqual(['turn', 'first', 'second'])
})

test('the next turn is another one', async () => {
  const endOfTick = ticks()
  const one = endOfTick()
  expect(endOfTick()).toBe(one)
  await one
  await nextTick()
  expect(endOfTick()).not.toBe(one)
})

test('a tick is kept, of the shape that Node gives them', () => {
  const [tick] = keepTickShape()
  expect(tick).toMatchObject({ callback: expect.any(Function) })
})
