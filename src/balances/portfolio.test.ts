import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MAX_AMOUNT, parseDecimal } from '../core/amount.ts'
import { portfolioOf } from './portfolio.ts'

function row(name: string, ...[amount, decimals, price]: [bigint | undefined, number?, string?]) {
  return { name, amount, decimals, price: price === undefined ? undefined : parseDecimal(price) }
}

const namesOf = (rows: Parameters<typeof portfolioOf<ReturnType<typeof row>>>[0]) => {
  const { holdings, ...sums } = portfolioOf(rows)
  return { holdings: holdings.map(({ row: { name }, value }) => [name, value]), ...sums }
}

test('values are exact, sorted from the greatest, and what has no price or decimals is untracked', () => {
  const rows = [
    row('no price', 5n, 6),
    row('small', 1n, 18, '0.1'),
    row('no decimals', 5n, undefined, '2'),
    row('zero', 0n, 6, '3'),
    row('zero without decimals', 0n, undefined, '3'),
    row('zero without price', 0n, 6),
    row('great', 1_500_000n, 6, '1.0001'),
    row('unknown', undefined, 6, '1'),
  ]
  expect(namesOf(rows)).toEqual({
    holdings: [
      ['great', '1.50015'],
      ['small', '0.0000000000000000001'],
      ['zero', '0'],
      ['zero without decimals', '0'],
      ['no price', undefined],
      ['no decimals', undefined],
      ['zero without price', undefined],
      ['unknown', undefined],
    ],
    total: '1.5001500000000000001',
    untracked: 4,
  })
})

test('nothing is worth 0', () => {
  expect(portfolioOf([])).toEqual({ holdings: [], total: '0', untracked: 0 })
})

test('the total has every digit, at the greatest amounts and the most decimals', () => {
  const rows = [row('whole', MAX_AMOUNT, 0, '1'), row('dust', 1n, 255, '0.01')]
  expect(portfolioOf(rows).total).toBe(`${MAX_AMOUNT}.${'0'.repeat(256)}1`)
})

test('the total is the sum in any order', () => {
  const one = fc.tuple(fc.bigInt({ min: 0n, max: MAX_AMOUNT }), fc.nat(30), fc.bigInt({ min: 0n, max: 10n ** 20n }))
  fc.assert(
    fc.property(fc.array(one), (rows) => {
      const valued = rows.map(([amount, decimals, units]) => ({ amount, decimals, price: { units, places: 9 } }))
      const sum = rows.reduce(
        (all, [amount, decimals, units]) => all + amount * units * 10n ** BigInt(30 - decimals),
        0n,
      )
      const { units, places } = parseDecimal(portfolioOf(valued).total) ?? expect.fail()
      expect(units * 10n ** BigInt(39 - places)).toBe(sum)
      expect(portfolioOf([...valued].reverse()).total).toBe(portfolioOf(valued).total)
    }),
  )
})
