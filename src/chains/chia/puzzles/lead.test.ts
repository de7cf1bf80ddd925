import { describe, expect, test } from 'vitest'
import { leadText, parseLead } from './lead.ts'

const TAIL = 'a628c1c2c6fcb74d53746157e438e108eab5c0bb3e5c80ff9b1910b3e4832913'
const HIDDEN = '0f912f9f152ae6037a9920eed9fd4adc20b8ad9959e033d55ea6131ae43984af'

test.each([
  [TAIL, { tail: TAIL, hidden: undefined }],
  [`${TAIL}:${HIDDEN}`, { tail: TAIL, hidden: HIDDEN }],
])('%s is read as it was written', (text, lead) => {
  expect(parseLead(text)).toEqual(lead)
  expect(leadText(lead)).toBe(text)
})

describe('no lead', () => {
  test.each([
    '',
    ':',
    `${TAIL}:`,
    `:${HIDDEN}`,
    `${TAIL}:${HIDDEN}:`,
    `${TAIL}:${HIDDEN}:${TAIL}`,
    TAIL.slice(1),
    ` ${TAIL}`,
  ])('%s', (text) => {
    expect(parseLead(text)).toBeUndefined()
  })
})
