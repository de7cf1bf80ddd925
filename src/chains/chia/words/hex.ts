/** 32 bytes as 64 lower-case hex digits, without 0x. */
export type Hex = string

const HEX_32 = /^(?:0x)?([0-9a-f]{64})$/i

/** Returns 32 bytes of text, with or without 0x and in any case; undefined if the value is no such text. */
export function parseHex32(value: unknown): Hex | undefined {
  return typeof value === 'string' ? HEX_32.exec(value)?.[1]?.toLowerCase() : undefined
}

const HEX = /^(?:0x)?((?:[0-9a-f]{2})*)$/i

/** Returns the bytes of text, with or without 0x; undefined if the value is no such text. */
export function parseBytes(value: unknown): Uint8Array | undefined {
  const digits = typeof value === 'string' ? HEX.exec(value)?.[1] : undefined
  return digits === undefined ? undefined : Buffer.from(digits, 'hex')
}
