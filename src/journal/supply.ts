import { decodeAmount } from './amount-codec.ts'

/** How a transfer changes the supply: by its amount for a mint, by minus its amount for a burn, else by 0. */
export function supplyDelta(transfer: {
  readonly from: unknown
  readonly to: unknown
  readonly amount: bigint
}): bigint {
  const { from, to, amount } = transfer
  if (from === undefined) return to === undefined ? 0n : amount
  return to === undefined ? -amount : 0n
}

/** The same for a stored transfer's columns. Decodes the amount only if it is needed. */
export function decodeSupplyDelta(sender: unknown, receiver: unknown, amount: Buffer): bigint {
  if ((sender === null) === (receiver === null)) return 0n
  return sender === null ? decodeAmount(amount) : -decodeAmount(amount)
}
