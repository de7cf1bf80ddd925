/** Bytes of a hash: those of its hex where it is `0x` + even lower-case hex, else its UTF-8 text behind a zero byte. */
export function encodeHash(hash: string): Buffer {
  if (hash.charCodeAt(1) === 0x78) return Buffer.from(hash.slice(2), 'hex')
  return Buffer.from(`\0${hash}`, 'utf8')
}

/** The hash of its bytes. */
export function decodeHash(bytes: Buffer): string {
  return bytes.length > 0 && bytes.length < 32 && bytes[0] === 0
    ? bytes.toString('utf8', 1)
    : `0x${bytes.toString('hex')}`
}
