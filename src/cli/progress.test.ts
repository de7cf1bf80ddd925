import { describe, expect, test } from 'vitest'
import { parseChainId } from '../core/chain.ts'
import { createLog } from '../log.ts'
import type { Progress } from '../progress.ts'
import { duration, ProgressDisplay, rateOf, renderBar } from './progress.ts'

const chain = parseChainId('eip155:1') ?? expect.fail()
const at = (written: number, transfers: number, state: Progress['state'] = 'backfill'): Progress => ({
  chain,
  state,
  first: 1_001,
  written,
  head: 2_000,
  transfers,
})

test('a rate over the window, and what is left at it', () => {
  const samples = [
    { at: 1_000, written: 1_100, transfers: 0 },
    { at: 3_000, written: 1_300, transfers: 62_000 },
  ]
  expect(rateOf(samples, 2_000)).toEqual({ transfersPerSecond: 31_000, blocksPerSecond: 100, secondsLeft: 7 })
  expect(rateOf([], 2_000)).toEqual({ transfersPerSecond: 0, blocksPerSecond: 0, secondsLeft: undefined })
})

test.each<[Progress, string]>([
  [at(1_500, 0), 'eip155:1 ████████████░░░░░░░░░░░░  50% block 1,500/2,000 · 31,000 transfers/s · 7 s left'],
  [at(2_000, 0), 'eip155:1 ████████████████████████ 100% block 2,000/2,000 · 31,000 transfers/s · 7 s left'],
  [
    { ...at(0, 0), written: undefined, head: undefined },
    'eip155:1 ░░░░░░░░░░░░░░░░░░░░░░░░   0% block 1,000/1,001 · 31,000 transfers/s · 7 s left',
  ],
])('the bar of %o', (progress, bar) => {
  expect(renderBar(progress, { transfersPerSecond: 31_000, blocksPerSecond: 100, secondsLeft: 7 })).toBe(bar)
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
    const display = new ProgressDisplay({ terminal, write: (text) => void written.push(text) }, () => clock.now)
    display.logTo(createLog({ level: 'info', sink: display.sink }))
    return { written, clock, display }
  }

  test('on a terminal, log lines go above the bar, which leaves in the end', () => {
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

  test('who has caught up says all that is stored, not only what came since the start', () => {
    const { written, display } = setUp(false)
    display.update({ ...at(2_000, 9, 'live'), stored: 1_000_009 })
    display.update({ ...at(2_001, 12, 'live') })
    expect(written.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ msg: 'caught up', block: 2_000, transfers: 1_000_009 }),
    ])
  })

  test('elsewhere, a line every few seconds', () => {
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
