import type { BlockRef, Header } from '../../core/block.ts'
import { decodeHash, encodeHash } from '../../journal/hash-codec.ts'
import { bytes, int, type Row } from './columns.ts'

/** Columns of a header, in the order of `readHeader`. */
export const HEADER_COLUMNS = 'number, hash, parent, timestamp'

/** The header of a row with HEADER_COLUMNS. If the parent was never read, it is an empty text. */
export function readHeader(row: Row): Header {
  return {
    number: int(row[0]),
    hash: decodeHash(bytes(row[1])),
    parentHash: row[2] === null ? '' : decodeHash(bytes(row[2])),
    timestamp: int(row[3]),
  }
}

/** The header of a row whose columns may all be null. */
export function readOptionalHeader(row: Row): Header | undefined {
  return row[0] === null ? undefined : readHeader(row)
}

/** The block ref of two columns that may both be null. */
export function readOptionalRef(number: unknown, hash: unknown): BlockRef | undefined {
  return number === null ? undefined : { number: int(number), hash: decodeHash(bytes(hash)) }
}

/** Values of HEADER_COLUMNS. */
export function headerValues(header: Header): [number, Buffer, Buffer | null, number] {
  const parent = header.parentHash === '' ? null : encodeHash(header.parentHash)
  return [header.number, encodeHash(header.hash), parent, header.timestamp]
}
