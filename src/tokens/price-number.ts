import { type Decimal, parseDecimal } from '../core/amount.ts'

/**
 * Most digits of a price, written without an exponent. The price of a whole token needs fewer: more are a mistake of
 * the source.
 */
const MAX_DIGITS = 60

/** An exact price and its plain decimal text. */
export type PriceNumber = Decimal & { readonly text: string }

/**
 * The exact price in the text of a JSON number: `1.50` keeps its digits, `1e-9` is `0.000000001`. Undefined if it is
 * not above zero or has more than 60 digits. A market has no price of 0: sources write it for tokens without a price.
 */
export function readPriceNumber(json: string): PriceNumber | undefined {
  const [, whole = '', fraction = '', exponent = '0'] = /^(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(json) ?? []
  const digits = whole + fraction
  const shift = Number(exponent)
  // The length is bounded before anything is built, since the exponent may be any number.
  if (digits === '' || digits.length > MAX_DIGITS || Math.abs(shift) > MAX_DIGITS) return undefined
  const text = withPoint(digits, whole.length + shift)
  if (text.replace('.', '').length > MAX_DIGITS) return undefined
  const decimal = parseDecimal(text)
  return decimal === undefined || decimal.units <= 0n ? undefined : { ...decimal, text }
}

/** The digits with a point after the first `point` ones, and with the zeros that this needs. */
function withPoint(digits: string, point: number): string {
  const padded = point > 0 ? digits.padEnd(point, '0') : digits.padStart(digits.length + 1 - point, '0')
  const [whole, fraction] = point > 0 ? [padded.slice(0, point), padded.slice(point)] : ['0', padded.slice(1)]
  const plain = whole.replace(/^0+(?=\d)/, '')
  return fraction === '' ? plain : `${plain}.${fraction}`
}
