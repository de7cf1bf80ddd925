import { expect, test } from 'vitest'
import { RestartPauses } from './restart-pauses.ts'

test('pauses double up to the longest, and begin anew after ten minutes of life', () => {
  let now = 0
  const pauses = new RestartPauses({ firstMs: 500, maxMs: 3_000 }, () => now)
  pauses.started()
  expect([1, 2, 3, 4, 5].map(() => pauses.next())).toEqual([
    { pauseMs: 500, deaths: 1 },
    { pauseMs: 1_000, deaths: 2 },
    { pauseMs: 2_000, deaths: 3 },
    { pauseMs: 3_000, deaths: 4 },
    { pauseMs: 3_000, deaths: 5 },
  ])
  pauses.started()
  now += 600_001
  expect(pauses.next()).toEqual({ pauseMs: 500, deaths: 1 })
})
