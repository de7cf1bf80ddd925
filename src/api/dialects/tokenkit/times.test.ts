import { expect, test } from 'vitest'
import { rangeParameters, timeParameter } from './times.ts'

const utc = (text: string): number => Date.parse(text) / 1_000

test.each([
  ['2026-01-01', '2026-01-01T00:00:00Z'],
  ['2026-01-01T10:00', '2026-01-01T10:00:00Z'],
  ['2026-01-01 10:00', '2026-01-01T10:00:00Z'],
  ['2026-01-01 10:00:30', '2026-01-01T10:00:30Z'],
  ['2026-01-01 10:00:30.999', '2026-01-01T10:00:30Z'],
  ['2026-01-01t10:00z', '2026-01-01T10:00:00Z'],
  ['2026-01-01T10:00:00+02:00', '2026-01-01T08:00:00Z'],
  ['2026-01-01 10:00 02:00', '2026-01-01T08:00:00Z'],
  ['2026-01-01T10:00:00 0200', '2026-01-01T08:00:00Z'],
  ['2026-01-01T10:00:00.5-0130', '2026-01-01T11:30:00Z'],
  ['2024-02-29', '2024-02-29T00:00:00Z'],
])('%s is %s', (text, time) => {
  expect(timeParameter('at_time', text)).toBe(utc(time))
})

test.each([
  '2026-02-30',
  '2026-02-30T10:00:00Z',
  '2026-02-29',
  '2026-04-31',
  '2026-13-01',
  '2026-00-10',
  '2026-01-00',
  '2026-01-01T25:00',
  '2026-01-01T10:60',
  '2026-01-01T10',
  '2026-01-01  10:00',
  '2026-01-01 02:00 10',
  '26-01-01',
  '1767225600',
  '1969-12-31',
  'yesterday',
])('%s is malformed', (text) => {
  expect(() => timeParameter('at_time', text)).toThrow(
    expect.objectContaining({ issues: [{ parameter: 'at_time', problem: 'malformed', type: 'string' }] }),
  )
})

test('a range has both ends, or no end, and never ends before it begins', () => {
  const [start_time, from] = ['2026-01-01T10:00:00Z', utc('2026-01-01T10:00:00Z')]
  expect(rangeParameters({ start_time })).toEqual({ from, to: undefined })
  expect(rangeParameters({ start_time, end_time: '2026-01-01 10:00' })).toEqual({ from, to: from })
  expect(() => rangeParameters({ start_time, end_time: '2026-01-01 09:59:59' })).toThrow(
    expect.objectContaining({ code: 'PARAMETER_INVALID', message: 'end_time: Before start_time.' }),
  )
})
