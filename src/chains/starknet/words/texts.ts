import { SHORT_STRING_BYTES, shortStringBytes } from './felt.ts'

/**
 * Returns the bytes of a text that a contract answered, in any form in use: one short string, an array of short strings
 * behind its length, or a ByteArray: the number of full words of 31 bytes, the words, the rest, and the rest's length.
 * Undefined if it is none of them. Source:
 * https://docs.starknet.io/build/corelib/core-byte_array-ByteArray
 */
export function textBytes(felts: readonly bigint[]): Buffer | undefined {
  const [first, ...rest] = felts
  if (first === undefined) return undefined
  if (rest.length === 0) return shortStringBytes(first)
  if (first === BigInt(rest.length)) return joined(rest.map(shortStringBytes))
  return first === BigInt(rest.length - 2) ? byteArrayBytes(rest) : undefined
}

function byteArrayBytes(rest: readonly bigint[]): Buffer | undefined {
  const words = rest.slice(0, -2)
  const [pending, length] = rest.slice(-2)
  if (pending === undefined || length === undefined || length >= BigInt(SHORT_STRING_BYTES)) return undefined
  const parts = words.map((word) => bytesOf(word, SHORT_STRING_BYTES))
  return joined([...parts, bytesOf(pending, Number(length))])
}

/** A word of a ByteArray as bytes of this number; undefined if it needs more. */
function bytesOf(word: bigint, count: number): Buffer | undefined {
  const bytes = shortStringBytes(word)
  if (bytes === undefined || bytes.length > count) return undefined
  return Buffer.concat([Buffer.alloc(count - bytes.length), bytes])
}

function joined(parts: readonly (Buffer | undefined)[]): Buffer | undefined {
  const whole = parts.filter((part) => part !== undefined)
  return whole.length === parts.length ? Buffer.concat(whole) : undefined
}
