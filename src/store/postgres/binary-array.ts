/** The types of elements that are sent in binary form, by their names in SQL: the numbers by which the server knows them. */
const ELEMENTS = { bytea: 17, bigint: 20, smallint: 21, text: 25 } as const

/** The type of the elements of an array. */
export type ElementType = keyof typeof ELEMENTS

type Element = string | number | Buffer | null

/** What precedes the elements: the numbers of dimensions, of nulls, of the type, of elements, and of the first element. */
const HEAD_BYTES = 20
const EMPTY_HEAD_BYTES = 12
const LENGTH_BYTES = 4
const NULL = -1
const LOW = 0x1_0000_0000

/** True if the elements of a type can be sent in binary form. */
export function isElementType(name: string | undefined): name is ElementType {
  return name !== undefined && name in ELEMENTS
}

/**
 * An array as the server takes it in binary form, which costs both sides less than text does. Undefined if an element is not of the
 * type.
 */
export function binaryArray(elements: readonly Element[], type: ElementType): Buffer | undefined {
  let bytes = HEAD_BYTES + elements.length * LENGTH_BYTES
  let nulls = 0
  for (const element of elements) {
    if (element === null) {
      nulls = 1
      continue
    }
    const length = lengthOf(element, type)
    if (length === undefined) return undefined
    bytes += length
  }
  const array = Buffer.allocUnsafe(elements.length === 0 ? EMPTY_HEAD_BYTES : bytes)
  let at = array.writeInt32BE(elements.length === 0 ? 0 : 1)
  at = array.writeInt32BE(nulls, at)
  at = array.writeInt32BE(ELEMENTS[type], at)
  if (elements.length === 0) return array
  at = array.writeInt32BE(elements.length, at)
  at = array.writeInt32BE(1, at)
  for (const element of elements) at = write(array, { element, type, at })
  return array
}

/** Undefined: it is not of the type. */
function lengthOf(element: string | number | Buffer, type: ElementType): number | undefined {
  if (typeof element === 'number') {
    if (!Number.isSafeInteger(element)) return undefined
    if (type === 'bigint') return 8
    return type === 'smallint' ? 2 : undefined
  }
  if (typeof element === 'string') return type === 'text' ? Buffer.byteLength(element) : undefined
  return type === 'bytea' ? element.length : undefined
}

/** Writes an element behind its length. Returns where it ends. */
function write(array: Buffer, { element, type, at }: { element: Element; type: ElementType; at: number }): number {
  if (element === null) return array.writeInt32BE(NULL, at)
  const from = at + LENGTH_BYTES
  if (typeof element === 'number') {
    if (type === 'smallint') return array.writeInt16BE(element, array.writeInt32BE(2, at))
    const high = Math.floor(element / LOW)
    return array.writeUInt32BE(element - high * LOW, array.writeInt32BE(high, array.writeInt32BE(8, at)))
  }
  const length = typeof element === 'string' ? array.write(element, from) : element.copy(array, from)
  array.writeInt32BE(length, at)
  return from + length
}
