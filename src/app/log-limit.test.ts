import { expect, test } from 'vitest'
import { LineLimiter } from './log-limit.ts'

function setUp() {
  const clock = { now: 0 }
  return { clock, limiter: new LineLimiter(() => clock.now) }
}

test('ten lines of a subject per minute: the tenth says so, and the next minute reports how many were left out', () => {
  const { clock, limiter } = setUp()
  const verdicts = Array.from({ length: 1_000 }, (_, block) => limiter.admit('node is behind', { node: 'a', block }))
  expect(verdicts.filter(({ write }) => write)).toHaveLength(10)
  expect(verdicts[9]).toEqual({ write: true, say: { repeats: 'more of these are left out for 60 s' } })
  clock.now = 59_999
  expect(limiter.admit('node is behind', { node: 'a' })).toEqual({ write: false })
  clock.now = 60_000
  expect(limiter.admit('node is behind', { node: 'a' })).toEqual({ write: true, say: { left_out: 991 } })
  clock.now = 120_000
  expect(limiter.admit('node is behind', { node: 'a' })).toEqual({ write: true, say: {} })
})

test.each(['chain', 'node', 'code', 'route', 'token', 'account', 'reason'])(
  'another %s makes another subject',
  (name) => {
    const { limiter } = setUp()
    for (let line = 0; line < 20; line++) limiter.admit('words', { [name]: 'one' })
    expect(limiter.admit('words', { [name]: 'two' })).toEqual({ write: true, say: {} })
    expect(limiter.admit('other words', { [name]: 'one' })).toEqual({ write: true, say: {} })
    expect(limiter.admit('words', { [name]: 'one' })).toEqual({ write: false })
  },
)

test('many subjects take limited memory: the oldest is forgotten', () => {
  const { limiter } = setUp()
  for (let line = 0; line < 20; line++) limiter.admit('first', {})
  for (let subject = 0; subject < 1_000; subject++) limiter.admit(`words ${subject}`, {})
  expect(limiter.admit('first', {})).toEqual({ write: true, say: {} })
})
