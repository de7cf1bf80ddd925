import { assert } from './assert.ts'

/** A quantity in base units: a bigint from 0 to 2^256-1. Sums and deltas may be negative. */
export type Amount = bigint

/** 2^256-1, the greatest amount of any chain that we follow. */
export const MAX_AMOUNT: Amount = (1n << 256n) - 1n

/** Greatest number of decimals to format: a token's `decimals()` is a uint8. */
export const MAX_DECIMALS = 255

/** True if the amount can exist: from 0 to 2^256-1. */
export function isAmount(value: bigint): boolean {
  return value >= 0n && value <= MAX_AMOUNT
}

/**
 * The exact decimal text of base units: no exponent, no rounding, no trailing zeros, no trailing point.
 * `format(1500000n, 6)` is `"1.5"`; `format(-5n, 1)` is `"-0.5"`.
 */
export function format(amount: bigint, decimals: number): string {
  assert(Number.isInteger(decimals) && decimals >= 0 && decimals <= MAX_DECIMALS, `decimals out of range: ${decimals}`)
  if (decimals === 0) return amount.toString()
  const sign = amount < 0n ? '-' : ''
  const digits = (amount < 0n ? -amount : amount).toString().padStart(decimals + 1, '0')
  const whole = digits.slice(0, -decimals)
  const fraction = digits.slice(-decimals).replace(/0+$/, '')
  return fraction === '' ? sign + whole : `${sign}${whole}.${fraction}`
}

/** Longest decimal text that `parse` accepts, in characters: 78 digits, a sign, a point and 255 decimals, with room. */
export const MAX_DECIMAL_TEXT = 400

/**
 * The base units of decimal text, or undefined if it is not plain decimal text (`-?digits[.digits]`, no exponent) or
 * has more places than `decimals`. Exact: `parse(format(x, d), d) === x`.
 */
export function parse(text: string, decimals: number): bigint | undefined {
  if (text.length > MAX_DECIMAL_TEXT) return undefined
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text)
  if (match === null) return undefined
  const [, sign = '', whole = '', fraction = ''] = match
  const places = fraction.replace(/0+$/, '')
  if (places.length > decimals) return undefined
  const units = BigInt(whole + places.padEnd(decimals, '0'))
  return sign === '-' ? -units : units
}

/** An exact decimal number: `units / 10^places`. */
export type Decimal = { readonly units: bigint; readonly places: number }

/** The exact decimal of plain decimal text (`-?digits[.digits]`), or undefined. */
export function parseDecimal(text: string): Decimal | undefined {
  const places = text.length > MAX_DECIMAL_TEXT ? 0 : (text.split('.')[1]?.length ?? 0)
  const units = parse(text, places)
  return units === undefined ? undefined : { units, places }
}

/** The exact product amount / 10^decimals × price. */
export function product(amount: Amount, decimals: number, price: Decimal): Decimal {
  return { units: amount * price.units, places: decimals + price.places }
}

/** The exact sum of two decimals. */
export function add(a: Decimal, b: Decimal): Decimal {
  const places = Math.max(a.places, b.places)
  return { units: unitsAt(a, places) + unitsAt(b, places), places }
}

/** The quotient a / b, rounded towards zero to this many decimal places; undefined if `b` is 0. */
export function quotient(a: Decimal, b: Decimal, places: number): Decimal | undefined {
  if (b.units === 0n) return undefined
  return { units: (a.units * 10n ** BigInt(b.places + places)) / (b.units * 10n ** BigInt(a.places)), places }
}

/** Compares two decimals: negative if `a` is less than `b`, 0 if they are equal, else positive. */
export function compare(a: Decimal, b: Decimal): number {
  const places = Math.max(a.places, b.places)
  const [left, right] = [unitsAt(a, places), unitsAt(b, places)]
  return left < right ? -1 : left > right ? 1 : 0
}

/** The exact text of a decimal of any length, as `format` writes it. */
export function formatDecimal({ units, places }: Decimal): string {
  if (places <= MAX_DECIMALS) return format(units, places)
  const shift = 10n ** BigInt(places - MAX_DECIMALS)
  if (units % shift === 0n) return format(units / shift, MAX_DECIMALS)
  const digits = (units < 0n ? -units : units).toString().padStart(places + 1, '0')
  return `${units < 0n ? '-' : ''}${digits.slice(0, -places)}.${digits.slice(-places).replace(/0+$/, '')}`
}

function unitsAt({ units, places }: Decimal, at: number): bigint {
  return units * 10n ** BigInt(at - places)
}
