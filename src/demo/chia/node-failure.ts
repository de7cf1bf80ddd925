/** The fields of a request or an answer. */
export type Fields = Readonly<Record<string, unknown>>

/** Why a node does not answer a call. `words` is the message without the request's own values. */
export class NodeFailure extends Error {
  readonly code: string
  readonly words: string
  readonly data: Fields

  constructor(code: string, message: string, { words = message, data = {} }: { words?: string; data?: Fields } = {}) {
    super(message)
    this.code = code
    this.words = words
    this.data = data
  }
}

/** The fields of a request's text; undefined if it is no JSON object. */
export function readFields(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

/** 32 bytes in a field, with or without 0x. @throws NodeFailure */
export function bytesIn(request: Fields, field: string): Uint8Array {
  return bytesOf(required(request, field))
}

/** A list of 32 bytes each in a field. @throws NodeFailure */
export function listIn(request: Fields, field: string): readonly Uint8Array[] {
  const value = required(request, field)
  if (!Array.isArray(value)) throw new NodeFailure('UNKNOWN', `${field} is no list`)
  return value.map(bytesOf)
}

/** A number of 32 bits in a field. @throws NodeFailure */
export function numberIn(request: Fields, field: string): number {
  const value = required(request, field)
  if (value === null) {
    const words = "int() argument must be a string, a bytes-like object or a real number, not 'NoneType'"
    throw new NodeFailure('UNKNOWN', words)
  }
  const number = Number(value)
  if (!Number.isInteger(number)) throw new NodeFailure('UNKNOWN', `invalid literal for int() with base 10: '${value}'`)
  if (number < 0 || number >= 2 ** 32) throw new NodeFailure('UNKNOWN', `Value ${number} does not fit into uint32`)
  return number
}

function required(request: Fields, field: string): unknown {
  if (!(field in request)) {
    throw new NodeFailure(`NO_${field.toUpperCase()}_IN_REQUEST`, `No ${field} in request`)
  }
  return request[field]
}

function bytesOf(value: unknown): Uint8Array {
  const digits = typeof value === 'string' ? /^(?:0x)?([0-9a-f]*)$/i.exec(value)?.[1] : undefined
  if (digits === undefined) throw new NodeFailure('UNKNOWN', `non-hexadecimal number found in fromhex() arg`)
  if (digits.length !== 64) throw new NodeFailure('UNKNOWN', `bad bytes32 initializer ${value}`)
  return Buffer.from(digits, 'hex')
}
