/** A stored value that no writer of ours can have written: the file is damaged. */
export class DamagedValue extends Error {
  override readonly name = 'DamagedValue'
}

/** States what is true of every value that we write. @throws DamagedValue, which `guarded` turns into STORE_DAMAGED */
export function mustBeOurs(condition: boolean, message: string): asserts condition {
  if (!condition) throw new DamagedValue(message)
}

/** The value of stored JSON. @throws DamagedValue it is not JSON */
export function parseStoredJson(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch (error) {
    throw new DamagedValue('stored JSON cannot be parsed', { cause: error })
  }
}
