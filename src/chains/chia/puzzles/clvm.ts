import { assert } from '../../../core/assert.ts'
import { ServiceError } from '../../../core/errors.ts'
import type { Hex } from '../words/hex.ts'

/** A value of CLVM: an atom, or a pair. */
export type Value = Uint8Array | Pair
/** A pair of values. A list is a chain of pairs that ends with an empty atom. `hash`: its tree hash, once that is known. */
export type Pair = { readonly first: Value; readonly rest: Value; hash: string | undefined }

/** Most bytes of one serialized value. A byte costs 12,000 and a block at most 11,000,000,000, which is half of this. */
export const MAX_BYTES = 2 * 1024 * 1024

const PAIR_MARK = 0xff
const EMPTY_ATOM = 0x80
const LAST_SINGLE_BYTE = 0x7f
/**
 * The forms of an atom's length: its first byte is `marker` and the bits outside `mask`, and `more` bytes follow. 0xfe is none
 * of them: it marks a back-reference, which nodes do not answer with.
 */
const LENGTHS = [
  { mask: 0xc0, marker: 0x80, more: 0 },
  { mask: 0xe0, marker: 0xc0, more: 1 },
  { mask: 0xf0, marker: 0xe0, more: 2 },
  { mask: 0xf8, marker: 0xf0, more: 3 },
]

/** Atoms of one small byte, and the empty one: shared, since a hostile text can have a million. */
const SMALL_ATOMS = Array.from({ length: LAST_SINGLE_BYTE + 1 }, (_, byte) => Uint8Array.of(byte))
const EMPTY = new Uint8Array()

/**
 * Parses a serialized value. The whole text must be one value, without back-references, of at most `MAX_BYTES`. Atoms
 * share the memory of `bytes`. Source: https://chialisp.com/clvm
 * @throws NODE_GARBAGE the text is anything else
 */
export function parseClvm(bytes: Uint8Array): Value {
  if (bytes.length > MAX_BYTES) throw notClvm()
  const values: Value[] = []
  // A deep value must not overflow the call stack.
  const steps: ('parse' | 'join')[] = ['parse']
  let at = 0
  for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
    if (step === 'join') {
      const [rest, first] = [values.pop(), values.pop()]
      assert(first !== undefined && rest !== undefined, 'a pair is joined after its parts')
      values.push({ first, rest, hash: undefined })
    } else if (bytes[at] === PAIR_MARK) {
      at++
      steps.push('join', 'parse', 'parse')
    } else {
      const { start, end } = atomAt(bytes, at)
      values.push(atomOf(bytes, start, end))
      at = end
    }
  }
  const [value] = values
  if (value === undefined || at !== bytes.length) throw notClvm()
  return value
}

type Span = { readonly start: number; readonly end: number }

function atomAt(bytes: Uint8Array, at: number): Span {
  const first = bytes[at]
  if (first === undefined) throw notClvm()
  if (first <= LAST_SINGLE_BYTE) return { start: at, end: at + 1 }
  const form = LENGTHS.find(({ mask, marker }) => (first & mask) === marker)
  if (form === undefined) throw notClvm()
  const start = at + 1 + form.more
  let length = first & ~form.mask
  for (let byte = at + 1; byte < start; byte++) length = length * 256 + (bytes[byte] ?? 0)
  if (start + length > bytes.length) throw notClvm()
  return { start, end: start + length }
}

function atomOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  if (end === start) return EMPTY
  const small = end - start === 1 ? SMALL_ATOMS[bytes[start] ?? 0] : undefined
  return small ?? bytes.subarray(start, end)
}

function notClvm(): ServiceError {
  return new ServiceError('NODE_GARBAGE', 'the node sent a program that is not CLVM')
}

/** Serializes a value, without back-references. */
export function serialize(value: Value): Uint8Array {
  const parts: Uint8Array[] = []
  const open: Value[] = [value]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (isAtom(next)) parts.push(prefixOf(next), next)
    else {
      parts.push(PAIR_PREFIX)
      open.push(next.rest, next.first)
    }
  }
  return Buffer.concat(parts)
}

const PAIR_PREFIX = Uint8Array.of(PAIR_MARK)
const EMPTY_PREFIX = Uint8Array.of(EMPTY_ATOM)

/** The bytes that state an atom's length: none for a small single byte. */
function prefixOf(atom: Uint8Array): Uint8Array {
  const { length } = atom
  if (length === 0) return EMPTY_PREFIX
  if (length === 1 && (atom[0] ?? 0) <= LAST_SINGLE_BYTE) return EMPTY
  const form = LENGTHS.find(({ mask, more }) => length < (0x100 - mask) * 256 ** more)
  assert(form !== undefined, 'an atom of a parsed value is as short as its text')
  const prefix = Buffer.alloc(1 + form.more)
  prefix.writeUIntBE(length, 0, prefix.length)
  prefix[0] = (prefix[0] ?? 0) | form.marker
  return prefix
}

/** True for an atom. */
export function isAtom(value: Value): value is Uint8Array {
  return value instanceof Uint8Array
}

/** The items of a list, at most `most`. What ends the list does not matter. */
export function itemsOf(value: Value, most = Number.POSITIVE_INFINITY): readonly Value[] {
  const items: Value[] = []
  for (let at = value; !isAtom(at) && items.length < most; at = at.rest) items.push(at.first)
  return items
}

/** Most bytes of an amount: 64 bits, and a zero where the highest bit is set. */
const MAX_AMOUNT_BYTES = 9
const MAX_AMOUNT = 2n ** 64n - 1n

/** An amount as nodes accept it: an atom of 64 bits without sign and without needless zeros. Undefined for other values. */
export function amountOf(value: Value | undefined): bigint | undefined {
  if (value === undefined || !isAtom(value) || value.length > MAX_AMOUNT_BYTES) return undefined
  const [first, second = 0] = value
  if (first === undefined) return 0n
  if (first >= 0x80 || (first === 0 && second < 0x80)) return undefined
  const amount = BigInt(`0x${Buffer.from(value).toString('hex')}`)
  return amount > MAX_AMOUNT ? undefined : amount
}

/** The 32 bytes of an atom; undefined for other values. */
export function bytes32Of(value: Value | undefined): Hex | undefined {
  return value !== undefined && isAtom(value) && value.length === 32 ? Buffer.from(value).toString('hex') : undefined
}
