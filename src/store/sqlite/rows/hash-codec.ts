/**
 * Encodes a hash: the bytes of its hex if it is `0x` + an even number of lower-case hex digits, else a zero byte and
 * its UTF-8 text.
 */
export function encodeHash(hash: string): Buffer {
  if (hash.charCodeAt(1) === 0x78) return Buffer.from(hash.slice(2), 'hex')
  return Buffer.from(`\0${hash}`, 'utf8')
}

/** The hash that `encodeHash` encoded. */
export function decodeHash(bytes: Buffer): string {
  return bytes.length > 0 && bytes.length < 32 && bytes[0] === 0
    ? bytes.toString('utf8', 1)
    : `0x${bytes.toString('hex')}`
}
