import { decodeAmount } from '../rows/amount-codec.ts'

/** What a transfer adds to what exists: its amount where it is a mint, less it where it is a burn. */
export function supplyDelta(transfer: {
  readonly from: unknown
  readonly to: unknown
  readonly amount: bigint
}): bigint {
  const { from, to, amount } = transfer
  if (from === undefined) return to === undefined ? 0n : amount
  return to === undefined ? -amount : 0n
}

/** The same of a stored transfer's columns, its amount decoded only where it counts. */
export function decodeSupplyDelta(sender: unknown, receiver: unknown, amount: Buffer): bigint {
  if ((sender === null) === (receiver === null)) return 0n
  return sender === null ? decodeAmount(amount) : -decodeAmount(amount)
}
