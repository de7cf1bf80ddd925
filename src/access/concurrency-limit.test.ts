import { expect, test } from 'vitest'
import { ConcurrencyLimit } from './concurrency-limit.ts'

type Task = { readonly end: () => void; readonly done: Promise<string> }

/** Starts tasks that end when told. `started` lists the names of those that run or ran. */
function tasks(running: number, waiting: number) {
  const limit = new ConcurrencyLimit({ running, waiting, rejection: 'too many' })
  const started: string[] = []
  const start = (name: string, error?: Error): Task => {
    let end = (): void => undefined
    const promise = new Promise<string>((resolve, reject) => {
      end = () => (error === undefined ? resolve(name) : reject(error))
    })
    const done = limit.run(() => {
      started.push(name)
      return promise
    })
    return { end, done }
  }
  return { started, start }
}

test('works above the limit wait in their order, and those above the queue are rejected without running', async () => {
  const { started, start } = tasks(2, 2)
  const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map((name) => start(name))
  await expect(e?.done).rejects.toMatchObject({ code: 'UNAVAILABLE', message: 'too many' })
  expect(started).toEqual(['a', 'b'])
  b?.end()
  expect(await b?.done).toBe('b')
  await Promise.resolve()
  expect(started).toEqual(['a', 'b', 'c'])
  for (const task of [a, c, d]) task?.end()
  expect(await Promise.all([a?.done, c?.done, d?.done])).toEqual(['a', 'c', 'd'])
  expect(started).toEqual(['a', 'b', 'c', 'd'])
})

test('a work that fails gives its place to the next one', async () => {
  const { started, start } = tasks(1, 1)
  const failing = start('a', new Error('no'))
  const next = start('b')
  failing.end()
  next.end()
  await expect(failing.done).rejects.toThrow('no')
  expect(await next.done).toBe('b')
  const last = start('c')
  last.end()
  expect(await last.done).toBe('c')
  expect(started).toEqual(['a', 'b', 'c'])
})
