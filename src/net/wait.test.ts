import { expect, test } from 'vitest'
import { pauseMs, wait } from './wait.ts'

test('pauses double up to the maximum, with full jitter', () => {
  const pauses = { baseMs: 250, maxMs: 10_000 }
  expect([1, 2, 3, 6, 7, 1000].map((n) => pauseMs(n, pauses, 1))).toEqual([250, 500, 1000, 8000, 10_000, 10_000])
  expect(pauseMs(3, pauses, 0.5)).toBe(500)
  expect(pauseMs(3, pauses, 0)).toBe(0)
})

test('a wait ends at once when its signal fires, and does not start after that', async () => {
  const stopper = new AbortController()
  const waiting = wait(3_600_000, stopper.signal)
  stopper.abort()
  await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' })
  const late = wait(0, stopper.signal)
  await expect(late).rejects.toMatchObject({ code: 'ABORTED' })
})
