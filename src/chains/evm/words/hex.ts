import { ServiceError } from '../../../core/errors.ts'

/** `0x0000…0000`, the sender of mints and the receiver of burns. */
export const ZERO_ADDRESS = `0x${'0'.repeat(40)}`

const ADDRESS = /^0[xX][0-9a-fA-F]{40}$/
const HASH = /^0x[0-9a-fA-F]{64}$/
const QUANTITY = /^0x[0-9a-fA-F]{1,64}$/

/**
 * Returns the canonical address (lower-case 0x + 40) of text in any letter case, or undefined. Does not check checksums
 * (EIP-55).
 */
export function parseAddress(text: string): string | undefined {
  return ADDRESS.test(text) ? text.toLowerCase() : undefined
}

/** Lower-case 32-byte hash, or undefined. */
export function parseHash(value: unknown): string | undefined {
  return typeof value === 'string' && HASH.test(value) ? value.toLowerCase() : undefined
}

/** Parses a JSON-RPC quantity or a JSON number; undefined if it is neither, or not exact in a double. */
export function parseNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : undefined
  if (typeof value !== 'string' || !QUANTITY.test(value)) return undefined
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : undefined
}

/** A JSON-RPC quantity of up to 256 bits, or undefined. */
export function parseAmount(value: unknown): bigint | undefined {
  return typeof value === 'string' && QUANTITY.test(value) ? BigInt(value) : undefined
}

/** A JSON-RPC quantity: `0x` and hex without leading zeros. */
export function quantity(number: number): string {
  return `0x${number.toString(16)}`
}

/** An address as a 32-byte word, without `0x`. */
export function addressWord(address: string): string {
  return address.slice(2).padStart(64, '0')
}

/** A number from 0 to 2^256-1 as a 32-byte word, without `0x`. */
export function numberWord(value: bigint | number): string {
  return value.toString(16).padStart(64, '0')
}

/** The error of an invalid answer. */
export function garbage(what: string, fields: Readonly<Record<string, string | number>> = {}): ServiceError {
  return new ServiceError('NODE_GARBAGE', `The node answered ${what}`, { fields })
}
