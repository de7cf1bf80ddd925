/** What columns of stored rows hold, for every engine. */
import { DamagedValue } from '../../journal/damaged-value.ts'

/** A row as an engine returns it: one value per column, in the order of the statement. */
export type Row = readonly unknown[]

/** Used when a required row is missing: reading a column of it throws DamagedValue. */
export const NO_ROW: Row = []

/** The integer of a column. @throws DamagedValue, which engines convert to STORE_DAMAGED */
export function int(value: unknown): number {
  if (typeof value === 'number') return value
  throw new DamagedValue(`a stored value is not an integer: ${typeof value}`)
}

/** The text of a column. */
export function text(value: unknown): string {
  if (typeof value === 'string') return value
  throw new DamagedValue(`a stored value is not text: ${typeof value}`)
}

/** The bytes of a column. */
export function bytes(value: unknown): Buffer {
  if (Buffer.isBuffer(value)) return value
  throw new DamagedValue('a stored value is not bytes')
}

/** The value of a nullable column, parsed by `parse`; undefined if it is null. */
export function nullable<T>(value: unknown, parse: (value: unknown) => T): T | undefined {
  return value === null || value === undefined ? undefined : parse(value)
}
