import { encodeAmount } from '../../../journal/amount-codec.ts'

/** Encodes an amount; null if it is unknown. */
export function encodeNullable(amount: bigint | undefined): Buffer | null {
  return amount === undefined ? null : encodeAmount(amount)
}
