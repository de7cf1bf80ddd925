import { describe, expect, test } from 'vitest'
import { createLog } from '../app/log.ts'
import type { Progress } from '../app/progress.ts'
import { parseChainId } from '../core/chain.ts'
import { displayWidth } from './display-width.ts'
import { type BarSpace, duration, ProgressDisplay, rateOf, renderBar } from './progress.ts'
import { glyphsOf } from './screen.ts'

const chain = parseChainId('eip155:1') ?? expect.fail()
const at = (written: number, transfers: number, state: Progress['state'] = 'backfill'): Progress => ({
  chain,
  state,
  first: 1_001,
  written,
  head: 2_000,
  transfers,
})

test('the rate over the window, and the time left at this rate', () => {
  const samples = [
    { at: 1_000, written: 1_100, transfers: 0 },
    { at: 3_000, written: 1_300, transfers: 62_000 },
  ]
  expect(rateOf(samples, 2_000)).toEqual({ transfersPerSecond: 31_000, blocksPerSecond: 100, secondsLeft: 7 })
  expect(rateOf([], 2_000)).toEqual({ transfersPerSecond: 0, blocksPerSecond: 0, secondsLeft: undefined })
})

const UNICODE = { full: '█', half: '▒', empty: '░', dot: '·' }
const RATE = { transfersPerSecond: 31_000, blocksPerSecond: 100, secondsLeft: 7 }
const WIDE: BarSpace = { columns: 200, glyphs: UNICODE, quietMs: 0, others: 0 }

test.each<[Progress, Partial<BarSpace>, string]>([
  [at(1_500, 0), {}, 'eip155:1 ████████████░░░░░░░░░░░░  50% block 1,500/2,000 · 31,000 transfers/s · 7 s left'],
  [at(2_000, 0), {}, 'eip155:1 ████████████████████████ 100% block 2,000/2,000 · 31,000 transfers/s · 7 s left'],
  [
    { ...at(0, 0), written: undefined, head: undefined },
    {},
    'eip155:1 ░░░░░░░░░░░░░░░░░░░░░░░░   0% block 1,000/1,001 · 31,000 transfers/s · 7 s left',
  ],
  // Fetched blocks count before their commit: the bar moves before the first commit.
  [
    { ...at(0, 0), written: undefined, fetched: { block: 1_250, transfers: 9 } },
    {},
    'eip155:1 ▒▒▒▒▒▒░░░░░░░░░░░░░░░░░░  25% block 1,250/2,000 · 31,000 transfers/s · 7 s left',
  ],
  // What a bulk load fetched is readable once it is published.
  [
    { ...at(1_250, 9), fetched: { block: 1_750, transfers: 27 } },
    {},
    'eip155:1 ██████▒▒▒▒▒▒▒▒▒▒▒▒░░░░░░  75% block 1,750/2,000 · readable 1,250 · 31,000 transfers/s · 7 s left',
  ],
  [
    { ...at(1_250, 9), fetched: { block: 1_750, transfers: 27 } },
    { columns: 79 },
    'eip155:1 ███▒▒▒▒▒▒▒▒░░░░  75% block 1,750/2,000 · 31,000 transfers/s · 7 s left',
  ],
  [
    { ...at(1_250, 9), fetched: { block: 2_000, transfers: 36 }, isFetched: true },
    { columns: 79, quietMs: 65_400 },
    'eip155:1 ███▒▒▒▒▒▒▒▒▒▒▒▒ 100% block 2,000/2,000 · 31,000 transfers/s · building',
  ],
  [
    { ...at(1_001, 9), fetched: { block: 1_250, transfers: 27 } },
    {},
    'eip155:1 █▒▒▒▒▒░░░░░░░░░░░░░░░░░░  25% block 1,250/2,000 · readable 1,001 · 31,000 transfers/s · 7 s left',
  ],
  [
    { ...at(1_250, 9), copied: 1_100 },
    { columns: 79 },
    'eip155:1 ██░░░░░░░░  25% block 1,250/2,000 · 31,000 transfers/s · copying 1,100',
  ],
  [at(1_500, 0), { columns: 79 }, 'eip155:1 ███████░░░░░░░░  50% block 1,500/2,000 · 31,000 transfers/s · 7 s left'],
  [at(1_500, 0), { columns: 60 }, 'eip155:1 ████████░░░░░░░░░  50% block 1,500/2,000 · 7 s left'],
  [at(1_500, 0), { columns: 40 }, 'eip155:1 ████████░░░░░░░░░  50% 7 s left'],
  [at(1_500, 0), { columns: 24 }, 'eip155:1 █████░░░░░  50%'],
  [at(1_500, 0), { columns: 16 }, 'eip155:1 50%'],
  [at(1_500, 0), { columns: 5 }, 'eip1…'],
  [
    at(1_500, 0),
    { quietMs: 65_400, others: 2, columns: 79 },
    'eip155:1 (+2) ████████████░░░░░░░░░░░░  50% block 1,500/2,000 · waiting 65 s',
  ],
  [
    at(1_500, 0),
    { glyphs: { full: '#', half: '=', empty: '-', dot: '|' }, columns: 60 },
    'eip155:1 ########---------  50% block 1,500/2,000 | 7 s left',
  ],
])('the bar of %o in %o', (progress, space, bar) => {
  expect(renderBar(progress, RATE, { ...WIDE, ...space })).toBe(bar)
})

test('the bar fits every width, with any numbers', () => {
  const long: Progress = { ...at(123_456_789, 0), first: 0, head: 234_567_890 }
  const rate = { transfersPerSecond: 1_234_567, blocksPerSecond: 1, secondsLeft: 99_999_999 }
  for (let columns = 1; columns <= 220; columns++) {
    for (const others of [0, 12]) {
      const bar = renderBar(long, rate, { ...WIDE, columns, others, quietMs: columns % 2 === 0 ? 0 : 100_000 })
      expect(displayWidth(bar)).toBeLessThanOrEqual(columns)
    }
  }
})

test.each<[Record<string, string>, string]>([
  [{ LANG: 'en_GB.UTF-8' }, '█'],
  [{ LC_ALL: 'de_DE.utf8', LANG: 'C' }, '█'],
  [{ LC_ALL: 'C.UTF-8' }, '█'],
  [{ LANG: 'C' }, '#'],
  [{}, '#'],
  [{ LANG: 'en_US.ISO-8859-1' }, '#'],
  // Locales with blocks of two columns.
  [{ LANG: 'ja_JP.UTF-8' }, '#'],
  [{ LC_ALL: 'zh_CN.UTF-8', LANG: 'en_GB.UTF-8' }, '#'],
])('with %j a bar uses %s', (env, full) => {
  expect(glyphsOf(env).full).toBe(full)
})

test.each([
  [99, '99 s'],
  [600, '10 min'],
  [12_000, '3 h 20 min'],
])('%i seconds are %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text)
})

describe('the display', () => {
  function setUp(terminal: boolean) {
    const written: string[] = []
    const clock = { now: 0 }
    const width = { columns: 80 }
    const sink = { terminal, write: (text: string) => void written.push(text) }
    const display = new ProgressDisplay({ sink, columns: () => width.columns, glyphs: UNICODE }, () => clock.now)
    display.logTo(createLog({ level: 'info', sink: display.sink }))
    return { written, clock, width, display }
  }

  test('on a terminal, log lines go above the bar, and the bar is removed at the end', () => {
    const { written, display } = setUp(true)
    display.update(at(1_500, 1))
    const bar = written[0] ?? ''
    expect(bar.startsWith('\r\u001b[2Keip155:1 █')).toBe(true)
    display.sink.write('a line\n')
    expect(written[1]).toBe(`\r\u001b[2Ka line\n${bar.slice(5)}`)
    display.update(at(2_000, 9, 'live'))
    expect(written[2]).toBe('\r\u001b[2K')
    expect(written[3]).toContain('caught up')
    expect(written).toHaveLength(4)
  })

  test('a chain that caught up reports all stored transfers, not only those since the start', () => {
    const { written, display } = setUp(false)
    display.update({ ...at(2_000, 9, 'live'), stored: 1_000_009 })
    display.update({ ...at(2_001, 12, 'live') })
    expect(written.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ msg: 'caught up', block: 2_000, transfers: 1_000_009 }),
    ])
  })

  test('without progress the bar shows how long it waits', () => {
    const { written, clock, display } = setUp(true)
    display.update(at(1_500, 1))
    for (clock.now of [100, 200, 4_100]) display.tick()
    expect(written).toHaveLength(3)
    expect(written[2]).toContain('waiting 4 s')
    display.stop()
    expect(written[3]).toBe('\r\u001b[2K')
    display.tick()
    expect(written).toHaveLength(4)
  })

  test('in a narrower window, the wrapped bar is cleared, and the new bar fits', () => {
    const { written, clock, width, display } = setUp(true)
    display.update(at(1_500, 1))
    const before = displayWidth((written[0] ?? '').slice('\r\u001b[2K'.length))
    expect(before).toBeLessThan(80)
    width.columns = 30
    clock.now = 1_000
    display.tick()
    const rows = Math.ceil(before / 30)
    expect(rows).toBeGreaterThan(1)
    const erasing = `\r\u001b[${rows - 1}A\u001b[J`
    expect(written[1]?.startsWith(erasing)).toBe(true)
    expect(displayWidth((written[1] ?? '').slice(erasing.length))).toBeLessThan(30)
  })

  test('without a terminal, a line every few seconds', () => {
    const { written, clock, display } = setUp(false)
    for (const second of [0, 1, 2, 3, 4, 5, 6]) {
      clock.now = second * 1_000
      display.update(at(1_100 + second * 100, second * 1_000))
    }
    expect(written.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({
        msg: 'backfill',
        block: 1_600,
        head: 2_000,
        transfersPerSecond: 1_000,
        secondsLeft: 4,
      }),
    ])
  })
})
