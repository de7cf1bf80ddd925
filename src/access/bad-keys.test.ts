import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { BadKeys } from './bad-keys.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
})

async function noteBad(keys: BadKeys, ip: string, times: number): Promise<void> {
  for (let i = 0; i < times; i++) await keys.noteBad(ip)
}

test('20 bad keys block an address until the 5 minutes since the first one end', async () => {
  const keys = new BadKeys()
  await noteBad(keys, '192.0.2.7', 1)
  vi.advanceTimersByTime(100_000)
  await noteBad(keys, '192.0.2.7', 18)
  expect([keys.isBlocked('192.0.2.7'), keys.blockOf('192.0.2.7')]).toEqual([false, undefined])
  await noteBad(keys, '192.0.2.7', 1)
  expect([keys.isBlocked('192.0.2.7'), keys.isBlocked('192.0.2.8')]).toEqual([true, false])
  // Bad keys of a blocked address do not extend the block.
  vi.advanceTimersByTime(100_000)
  await noteBad(keys, '192.0.2.7', 50)
  expect(keys.blockOf('192.0.2.7')).toEqual({
    ...{ allowed: false, limit: 20, remaining: 0, resetSeconds: 100 },
    ...{ name: 'bad-keys', windowSeconds: 300 },
  })
  vi.advanceTimersByTime(99_999)
  expect(keys.isBlocked('192.0.2.7')).toBe(true)
  vi.advanceTimersByTime(1)
  expect(keys.isBlocked('192.0.2.7')).toBe(false)
})

test('an address can be blocked again after its block, also if nobody asked in between', async () => {
  const keys = new BadKeys()
  await noteBad(keys, '192.0.2.7', 20)
  vi.advanceTimersByTime(300_000)
  await noteBad(keys, '192.0.2.7', 19)
  expect(keys.isBlocked('192.0.2.7')).toBe(false)
  await noteBad(keys, '192.0.2.7', 1)
  expect(keys.isBlocked('192.0.2.7')).toBe(true)
})

test('bad keys of separate windows do not add up', async () => {
  const keys = new BadKeys()
  await noteBad(keys, '192.0.2.7', 19)
  vi.advanceTimersByTime(300_000)
  await noteBad(keys, '192.0.2.7', 19)
  expect(keys.isBlocked('192.0.2.7')).toBe(false)
})

test('the addresses of one /64 are one caller, and an IPv4 address is the same in any form', async () => {
  const keys = new BadKeys()
  for (let i = 0; i < 20; i++) await keys.noteBad(`2001:db8:0:1::${i}`)
  expect(['2001:db8:0:1:ffff::9', '2001:db8:0:2::1'].map((ip) => keys.isBlocked(ip))).toEqual([true, false])
  await noteBad(keys, '::ffff:192.0.2.7', 20)
  expect(keys.isBlocked('192.0.2.7')).toBe(true)
})

test('many addresses at once keep memory bounded: the oldest counts and blocks are forgotten', async () => {
  const keys = new BadKeys({ maxNetworks: 3 })
  for (let i = 0; i < 10; i++) await noteBad(keys, `192.0.2.${i}`, 20)
  expect(vi.getTimerCount()).toBe(3)
  const blocked = Array.from({ length: 10 }, (_, i) => keys.isBlocked(`192.0.2.${i}`))
  expect(blocked).toEqual([false, false, false, false, false, false, false, true, true, true])
})

test('20 bad keys in one tick block, and none is lost', async () => {
  const keys = new BadKeys()
  await Promise.all(Array.from({ length: 20 }, () => keys.noteBad('192.0.2.7')))
  expect(keys.isBlocked('192.0.2.7')).toBe(true)
})
