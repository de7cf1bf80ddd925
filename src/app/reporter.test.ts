import { expect, test } from 'vitest'
import { ServiceError } from '../core/errors.ts'
import { Reporter } from './reporter.ts'

test('writes one at a time, and once more for all that changed meanwhile', async () => {
  const written: number[] = []
  let state = 1
  const reporter = new Reporter({
    put: async () => {
      written.push(state)
      await new Promise((resolve) => setImmediate(resolve))
    },
    failed: () => expect.fail('nothing fails'),
  })
  reporter.report()
  // The first state is written before the call returns.
  expect(written).toEqual([1])
  for (state = 2; state < 5; state++) reporter.report()
  await reporter.end()
  expect(written).toEqual([1, 5])
})

test('says a failure once until it passes, and goes on', async () => {
  const failures: unknown[] = []
  const full = new ServiceError('STORE_FULL', 'full')
  let isFull = true
  const reporter = new Reporter({
    put: async () => {
      if (isFull) throw full
    },
    failed: (error) => failures.push(error),
  })
  for (const wasFull of [true, true, false, true]) {
    isFull = wasFull
    reporter.report()
    await reporter.end()
  }
  expect(failures).toEqual([full, full])
})
