import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { keepTickShape, ticks } from './tick.ts'

test('all who ask in a turn go on together, after it and not in it', async () => {
  const endOfTurn = ticks()
  const said: string[] = []
  const first = endOfTurn().then(() => said.push('first'))
  await Promise.resolve()
  const second = endOfTurn().then(() => said.push('second'))
  said.push('turn')
  await Promise.all([first, second])
  expect(said).toEqual(['turn', 'first', 'second'])
})

test('the next turn is another one', async () => {
  const endOfTurn = ticks()
  const one = endOfTurn()
  expect(endOfTurn()).toBe(one)
  await one
  await nextTurn()
  expect(endOfTurn()).not.toBe(one)
})

test('a tick is kept, of the shape that Node gives them', () => {
  const [tick] = keepTickShape()
  expect(tick).toMatchObject({ callback: expect.any(Function) })
})
