import { type Felt, feltOf, shortString, WORD_BYTES } from './felt.ts'

/**
 * How a contract returns its name: one felt (Cairo 0), an array of felts, or a ByteArray (Cairo 1). `broken` returns a
 * ByteArray with an impossible length.
 */
export type NameStyle = 'short string' | 'felt array' | 'byte array' | 'broken'

/** The name and the symbol of a contract. */
export type Names = { readonly style: NameStyle; readonly name: string; readonly symbol: string }

/** The felts that `name` or `symbol` returns. */
export function encodeText(text: string, style: NameStyle): readonly Felt[] {
  switch (style) {
    case 'short string':
      return [shortString(text)]
    case 'felt array': {
      const words = wordsOf(text)
      return [feltOf(words.length), ...words.map(wordFelt)]
    }
    case 'byte array':
      return byteArray(text)
    case 'broken':
      return ['0x0', '0x42726f6b656e', feltOf(WORD_BYTES + 9)]
  }
}

/** Serde of a ByteArray: the number of full words, the words of 31 bytes, the rest, and the length of the rest. */
export function byteArray(text: string): readonly Felt[] {
  const words = wordsOf(text)
  const last = words.at(-1)
  const rest = last !== undefined && last.length < WORD_BYTES ? last : Buffer.alloc(0)
  const full = rest.length === 0 ? words : words.slice(0, -1)
  return [feltOf(full.length), ...full.map(wordFelt), wordFelt(rest), feltOf(rest.length)]
}

function wordsOf(text: string): readonly Buffer[] {
  const bytes = Buffer.from(text, 'utf8')
  const count = Math.ceil(bytes.length / WORD_BYTES)
  return Array.from({ length: count }, (_, at) => bytes.subarray(at * WORD_BYTES, (at + 1) * WORD_BYTES))
}

function wordFelt(bytes: Buffer): Felt {
  return feltOf(bytes.length === 0 ? 0n : BigInt(`0x${bytes.toString('hex')}`))
}
