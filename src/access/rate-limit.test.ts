import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type LimitResult, RateLimit, rateLimitHeaders } from './rate-limit.ts'

// The library reads the clock and sets timers. Both stand still here until the test moves them.
beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
})

const POLICY = { name: 'balance', points: 3, seconds: 60, maxKeys: 100 }

function result(other: Partial<LimitResult>): LimitResult {
  const fixed = { limit: 3, name: 'balance', windowSeconds: 60 }
  return { ...fixed, allowed: true, remaining: 2, resetSeconds: 60, ...other }
}

describe('a limit of 3 in 60 seconds', () => {
  test('allows 3 calls in a window; refused calls do not extend it', async () => {
    const limit = new RateLimit(POLICY)
    expect(await limit.take('ada')).toEqual(result({ remaining: 2 }))
    vi.advanceTimersByTime(10_500)
    expect(await limit.take('ada')).toEqual(result({ remaining: 1, resetSeconds: 50 }))
    expect(await limit.take('ada')).toEqual(result({ remaining: 0, resetSeconds: 50 }))
    vi.advanceTimersByTime(49_499)
    for (let i = 0; i < 5; i++) {
      expect(await limit.take('ada')).toEqual(result({ allowed: false, remaining: 0, resetSeconds: 1 }))
    }
    vi.advanceTimersByTime(1)
    expect(await limit.take('ada')).toEqual(result({ remaining: 2 }))
  })

  test('counts each key and each limit by itself', async () => {
    const [limit, other] = [new RateLimit(POLICY), new RateLimit({ ...POLICY, name: 'balances', points: 1 })]
    for (let i = 0; i < 3; i++) await limit.take('ada')
    expect((await limit.take('ada')).allowed).toBe(false)
    expect(await limit.take('bob')).toEqual(result({ remaining: 2 }))
    expect(await other.take('ada')).toEqual(result({ name: 'balances', limit: 1, remaining: 0 }))
  })

  test('counts calls of one tick exactly', async () => {
    const limit = new RateLimit(POLICY)
    const results = await Promise.all(Array.from({ length: 5 }, () => limit.take('ada')))
    expect(results.map(({ allowed, remaining }) => [allowed, remaining])).toEqual([
      [true, 2],
      [true, 1],
      [true, 0],
      [false, 0],
      [false, 0],
    ])
  })

  test('a penalty counts, and tells whether a next call is allowed', async () => {
    const limit = new RateLimit(POLICY)
    expect(await limit.penalty('ada')).toEqual(result({ remaining: 2 }))
    expect(await limit.penalty('ada')).toEqual(result({ remaining: 1 }))
    expect(await limit.penalty('ada')).toEqual(result({ allowed: false, remaining: 0 }))
    expect(await limit.penalty('ada')).toEqual(result({ allowed: false, remaining: 0 }))
    expect(await limit.take('ada')).toEqual(result({ allowed: false, remaining: 0 }))
  })

  test('any text is a key', async () => {
    const limit = new RateLimit(POLICY)
    for (const key of ['', '__proto__', 'constructor', 'a:b', '\u0000']) {
      expect(await limit.take(key)).toEqual(result({ remaining: 2 }))
    }
  })

  test('the rest of a window never exceeds it, even if the system time is set back', async () => {
    const limit = new RateLimit(POLICY)
    await limit.take('ada')
    vi.setSystemTime(0)
    expect(await limit.take('ada')).toEqual(result({ remaining: 1, resetSeconds: 60 }))
  })
})

describe('memory is bounded', () => {
  test('above the maximum, the key whose window began first starts again', async () => {
    const limit = new RateLimit({ ...POLICY, maxKeys: 2 })
    await limit.take('a')
    await limit.take('b')
    await limit.take('a')
    await limit.take('c')
    // One timer a key: the library has forgotten a.
    expect(vi.getTimerCount()).toBe(2)
    expect(await limit.take('b')).toMatchObject({ remaining: 1 })
    expect(await limit.take('a')).toMatchObject({ remaining: 2 })
    expect(vi.getTimerCount()).toBe(2)
  })

  test('a key with a new window is the newest again', async () => {
    const limit = new RateLimit({ ...POLICY, maxKeys: 2 })
    await limit.take('a')
    vi.advanceTimersByTime(30_000)
    await limit.take('b')
    vi.advanceTimersByTime(30_000)
    await limit.take('a')
    await limit.take('c')
    expect(await limit.take('a')).toMatchObject({ remaining: 1 })
  })

  test('thousands of keys at once keep no more timers than the maximum, and none after their windows', async () => {
    const limit = new RateLimit(POLICY)
    await Promise.all(Array.from({ length: 5_000 }, (_, i) => limit.take(`key ${i % 1_000}`)))
    expect(vi.getTimerCount()).toBe(100)
    vi.advanceTimersByTime(60_000)
    expect(vi.getTimerCount()).toBe(0)
  })
})

test('the headers of an allowed call have no Retry-After', () => {
  expect(rateLimitHeaders(result({ remaining: 2, resetSeconds: 41 }))).toEqual({
    'RateLimit-Policy': '"balance";q=3;w=60',
    RateLimit: '"balance";r=2;t=41',
    'RateLimit-Limit': '3',
    'RateLimit-Remaining': '2',
    'RateLimit-Reset': '41',
  })
})

test('the headers of a refused call say when to try again', () => {
  expect(rateLimitHeaders(result({ allowed: false, remaining: 0, resetSeconds: 7 }))).toEqual({
    'RateLimit-Policy': '"balance";q=3;w=60',
    RateLimit: '"balance";r=0;t=7',
    'RateLimit-Limit': '3',
    'RateLimit-Remaining': '0',
    'RateLimit-Reset': '7',
    'Retry-After': '7',
  })
})
