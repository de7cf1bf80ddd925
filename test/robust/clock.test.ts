/** The system clock jumps while a ledger runs, and between two starts. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ServiceError } from '../../src/core/errors.ts'
import { ClockGuard, type ClockReading } from '../../src/ledger/clock-guard.ts'
import type { AcceptedClock } from '../../src/store/seam/ledger-store.ts'
import { steelyard } from '../e2e/steelyard.ts'
import { makeWorld, type Served, type World } from './world.ts'

const DAY = 86_400
const BEGAN = 1_800_000_000

describe('which clock readings may be used as timestamps', () => {
  const cases: readonly {
    readonly what: string
    readonly start?: number
    readonly now: ClockReading
    readonly last?: number
    readonly accepted?: AcceptedClock
    readonly refused: boolean
  }[] = [
    { what: 'time passed', now: { wall: BEGAN + 9, steady: 9 }, refused: false },
    {
      what: 'a month passed while the machine slept',
      now: { wall: BEGAN + 30 * DAY, steady: 30 * DAY },
      refused: false,
    },
    { what: 'a correction of an hour', now: { wall: BEGAN + 3_600, steady: 1 }, refused: false },
    { what: 'exactly a day', now: { wall: BEGAN + DAY, steady: 0 }, refused: false },
    { what: 'more than a day ahead', now: { wall: BEGAN + DAY + 2, steady: 1 }, refused: true },
    { what: 'more than a day back', now: { wall: BEGAN - DAY - 2, steady: 1 }, last: BEGAN - 9 * DAY, refused: true },
    { what: 'into the year 2106', now: { wall: 2 ** 32 - 1, steady: 5 }, refused: true },
    {
      what: 'ahead, and accepted',
      now: { wall: BEGAN + 9 * DAY, steady: 9 },
      accepted: { wall: BEGAN + 9 * DAY - 3, steady: 6, through: 0 },
      refused: false,
    },
    {
      what: 'ahead, after another clock was accepted',
      now: { wall: BEGAN + 9 * DAY, steady: 9 },
      accepted: { wall: BEGAN + 5 * DAY, steady: 6, through: 0 },
      refused: true,
    },
    { what: 'a last block of the year 2106', now: { wall: BEGAN, steady: 0 }, last: 2 ** 32 - 1, refused: true },
    {
      what: 'a last block of the year 2106, accepted',
      now: { wall: BEGAN, steady: 0 },
      last: 2 ** 32 - 1,
      accepted: { wall: BEGAN, steady: 0, through: 2 ** 32 - 1 },
      refused: false,
    },
    {
      what: 'a last block after the accepted one',
      now: { wall: BEGAN, steady: 0 },
      last: 2 ** 32 - 1,
      accepted: { wall: BEGAN, steady: 0, through: 2 ** 32 - 2 },
      refused: true,
    },
    {
      what: 'started before the clock was set, and the clock is correct now',
      start: 9,
      now: { wall: BEGAN, steady: 9 },
      refused: false,
    },
  ]
  for (const { what, start = BEGAN, now, last = BEGAN - 5, accepted, refused } of cases) {
    test(`${what}: ${refused ? 'refused' : 'stamped'}`, () => {
      let reading: ClockReading = { wall: start, steady: 0 }
      const guard = new ClockGuard({ read: () => reading, accepted: () => accepted })
      reading = now
      let code: string | undefined
      try {
        guard.mayStamp(last)
      } catch (error) {
        code = error instanceof ServiceError ? error.code : String(error)
      }
      expect(code).toBe(refused ? 'CLOCK_JUMPED' : undefined)
    })
  }
})

describe('a server on a socket', () => {
  let world: World
  let server: Served
  let offset = ''
  let preload = ''
  beforeAll(async () => {
    world = await makeWorld([{ id: 'ledger:main' }])
    offset = join(world.folder, 'offset')
    preload = join(world.folder, 'clock.mjs')
    writeFileSync(offset, '0')
    // The process gets another wall clock than the system's, in each of its threads. Its uptime stays correct.
    writeFileSync(
      preload,
      `import { readFileSync } from 'node:fs'
       const now = Date.now
       Date.now = () => now() + Number(readFileSync(${JSON.stringify(offset)}, 'utf8')) * 1000`,
    )
    server = await startThere()
  }, 180_000)
  afterAll(async () => {
    expect(await server.end('SIGINT')).toBe(0)
    await world.remove()
  })

  const startThere = (): Promise<Served> => world.start(`export NODE_OPTIONS='--import file://${preload}'`)
  const register = async (wallet: string) => (await server.post('/api/wallets', { wallet_address: wallet })).status
  /** When the only transaction of a wallet was stamped, in milliseconds. */
  const stampOf = async (wallet: string): Promise<number> => {
    const { text } = await server.get(`/api/tokens/transactions?wallet_address=${wallet}`)
    return Date.parse(/"(\d{4}-\d\d-\d\dT[^"]+)"/.exec(text)?.[1] ?? '')
  }
  const accept = () =>
    steelyard(['ledger', 'accept-clock', '--config', world.config], { NODE_OPTIONS: `--import file://${preload}` })
  const isRefused = () => server.until('ledger:main', ({ error }) => error !== undefined)
  const isWell = () => server.until('ledger:main', ({ error }) => error === undefined)

  test('rejects writes while the clock is wrong, answers reads, and accepts writes once it is correct again', async () => {
    expect(await register('before')).toBe(201)
    for (const days of [2, -2, 29_000]) {
      writeFileSync(offset, String(days * DAY))
      const refused = await server.post('/api/wallets', { wallet_address: 'wrong' })
      expect([refused.status, refused.text.includes('clock')]).toEqual([503, true])
      expect(await isRefused()).toMatchObject({ state: 'degraded', error: expect.stringContaining('accept-clock') })
      expect((await server.get('/api/tokens/transactions')).text).toContain('before')
      writeFileSync(offset, '0')
      await isWell()
      expect(await register(`back from ${days}`)).toBe(201)
    }
    expect(server.log()).toContain('CLOCK_JUMPED')
  }, 180_000)

  test('accepts writes after the operator confirms the clock, and then rejects a clock that is behind at a restart', async () => {
    writeFileSync(offset, String(400 * DAY))
    await isRefused()
    expect((await accept()).code).toBe(0)
    await isWell()
    expect(await register('ahead')).toBe(201)
    expect(await server.end('SIGINT')).toBe(0)
    writeFileSync(offset, '0')
    server = await startThere()
    expect((await isRefused()).error).toContain('last block')
    expect(await register('behind')).toBe(503)
    const cli = ['ledger', 'register', 'wallet', 'by hand', '--config', world.config]
    expect(await steelyard(cli)).toMatchObject({ code: 1, err: expect.stringContaining('CLOCK_JUMPED') })
    expect((await accept()).code).toBe(0)
    await isWell()
    expect(await register('after')).toBe(201)
    const [ahead, after] = [await stampOf('ahead'), await stampOf('after')]
    expect(ahead).toBeGreaterThan(Date.now() + 399 * DAY * 1_000)
    // A timestamp is never before the last block's.
    expect(after).toBeGreaterThanOrEqual(ahead)
  }, 180_000)
})
