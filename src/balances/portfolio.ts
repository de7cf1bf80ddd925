import { add, compare, type Decimal, formatDecimal, product } from '../core/amount.ts'

/** What a holding's value follows from. Undefined is unknown. `price`: US dollars for one whole token. */
export type Valued = {
  readonly amount: bigint | undefined
  readonly decimals: number | undefined
  readonly price: Decimal | undefined
}

/** A holding with its exact value in US dollars as decimal text; undefined if it is untracked. */
export type Holding<Row> = { readonly row: Row; readonly value: string | undefined }

/**
 * The holdings by value, greatest first, then the untracked ones; equal ones in the given order. `total`: the exact sum
 * of all tracked values, as decimal text. `untracked`: how many have no value.
 */
export type Portfolio<Row> = {
  readonly holdings: readonly Holding<Row>[]
  readonly total: string
  readonly untracked: number
}

const ZERO: Decimal = { units: 0n, places: 0 }

/**
 * Values holdings with exact arithmetic. A holding with an unknown value is untracked.
 */
export function portfolioOf<Row extends Valued>(rows: readonly Row[]): Portfolio<Row> {
  const valued = rows.map((row) => ({ row, value: usdOf(row) }))
  valued.sort((a, b) => byValue(a.value, b.value))
  return {
    holdings: valued.map(({ row, value }) => ({ row, value: value && formatDecimal(value) })),
    ...totalOf(rows),
  }
}

/** The sums of `portfolioOf`, without the order. */
export function totalOf(rows: readonly Valued[]): Pick<Portfolio<Valued>, 'total' | 'untracked'> {
  let total = ZERO
  let untracked = 0
  for (const row of rows) {
    const value = usdOf(row)
    if (value === undefined) untracked += 1
    else total = add(total, value)
  }
  return { total: formatDecimal(total), untracked }
}

/**
 * The exact value in US dollars: amount / 10^decimals × price. Undefined if the amount, the price or the decimals are
 * unknown. An amount of 0 with a price is worth 0, whatever the decimals are.
 */
export function usdOf({ amount, decimals, price }: Valued): Decimal | undefined {
  if (amount === undefined || price === undefined) return undefined
  if (amount === 0n) return ZERO
  return decimals === undefined ? undefined : product(amount, decimals, price)
}

function byValue(a: Decimal | undefined, b: Decimal | undefined): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined)
  return compare(b, a)
}
