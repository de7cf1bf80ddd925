import { setImmediate as nextTick } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { keepTickShape, ticks } from './tick.ts'

test('all waiters of a tick continue together, after the tick', async () => {
  const endOfTick = ticks()
  const said: string[] = []
  const first = endOfTick().then(() => said.push('first'))
  await Promise.resolve()
  const second = endOfTick().then(() => said.push('second'))
  said.push('turn')
  await Promise.all([first, second])
  expect(said).toEqual(['turn', 'first', 'second'])
})

test('the next tick has another promise', async () => {
  const endOfTick = ticks()
  const one = endOfTick()
  expect(endOfTick()).toBe(one)
  await one
  await nextTick()
  expect(endOfTick()).not.toBe(one)
})

test('a tick object is kept, with the shape of Node’s own', () => {
  const [tick] = keepTickShape()
  expect(tick).toMatchObject({ callback: expect.any(Function) })
})
