import { hash } from 'node:crypto'
import type { Hex } from '../words/hex.ts'

/** A coin. Nothing else decides its id. */
export type Coin = { readonly parent: Hex; readonly puzzleHash: Hex; readonly amount: bigint }

/** The id of a coin: SHA-256 of its parent's id, its puzzle hash and its amount as CLVM writes numbers. */
export function coinId({ parent, puzzleHash, amount }: Coin): Hex {
  return hash('sha256', Buffer.from(parent + puzzleHash + digitsOf(amount), 'hex'), 'hex')
}

/** Big-endian two's complement without needless bytes; nothing for zero. */
function digitsOf(amount: bigint): string {
  if (amount === 0n) return ''
  const digits = amount.toString(16)
  const even = digits.length % 2 === 0 ? digits : `0${digits}`
  return even >= '8' ? `00${even}` : even
}
