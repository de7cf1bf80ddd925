import { expect, test } from 'vitest'
import { andThen, together } from './soon.ts'

const fails = (): never => {
  throw new Error('second')
}

test('a value that is there continues at once, and a promise when it resolves', async () => {
  expect(andThen(1, (value) => value + 1)).toBe(2)
  expect(await andThen(Promise.resolve(1), (value) => value + 1)).toBe(2)
  await expect(andThen(Promise.reject(new Error('first')), fails)).rejects.toThrow('first')
  expect(() => andThen(1, fails)).toThrow('second')
})

test('two values are there together, or when both are', async () => {
  expect(
    together(
      () => 1,
      () => 2,
    ),
  ).toEqual([1, 2])
  expect(
    await together(
      async () => 1,
      () => 2,
    ),
  ).toEqual([1, 2])
  expect(
    await together(
      () => 1,
      async () => 2,
    ),
  ).toEqual([1, 2])
})

test('the second one starts while the first one waits, and its failure is the failure of both', async () => {
  const started: number[] = []
  const never = new Promise<number>(() => undefined)
  void together(
    () => never,
    () => started.push(2),
  )
  expect(started).toEqual([2])
  await expect(together(() => never, fails)).rejects.toThrow('second')
  await expect(
    together(
      async () => Promise.reject(new Error('first')),
      () => never,
    ),
  ).rejects.toThrow('first')
})
