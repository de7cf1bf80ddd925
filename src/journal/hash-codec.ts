/** Bytes of a full hash. No other form takes as many. */
const FULL = 32
/** Characters of a full hash's text: `0x` and two digits for each byte. */
const FULL_CHARACTERS = 2 + 2 * FULL
/** First byte of a text. */
const TEXT = 0
/** First byte of a number in hex without leading zeros, such as a Starknet hash. */
const NUMBER = 1
const NUMBERS = /^0x(?:0|[1-9a-f][0-9a-f]*)$/

/**
 * Encodes a hash without loss, in at most one byte more than its hex takes: a full hash of 64 lower-case digits is its
 * bytes, a shorter number of canonical hex a mark and its bytes, any other text a mark and its UTF-8.
 */
export function encodeHash(hash: string): Buffer {
  if (hash.length === FULL_CHARACTERS && hash.charCodeAt(1) === 0x78) return Buffer.from(hash.slice(2), 'hex')
  if (!NUMBERS.test(hash)) return marked(TEXT, Buffer.from(hash, 'utf8'))
  const digits = hash.slice(2)
  return marked(NUMBER, Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex'))
}

/** The hash that `encodeHash` encoded. */
export function decodeHash(bytes: Buffer): string {
  if (bytes.length === FULL) return `0x${bytes.toString('hex')}`
  if (bytes[0] === NUMBER) return `0x${bytes.toString('hex', 1).replace(/^0+(?=.)/, '')}`
  return bytes.toString('utf8', 1).replace(/^\0/, '')
}

/** A mark and a content. If both were as long as a full hash, a zero byte comes between, which no content begins with. */
function marked(mark: number, content: Buffer): Buffer {
  const between = content.length === FULL - 1 ? [0] : []
  return Buffer.concat([Buffer.from([mark, ...between]), content])
}
