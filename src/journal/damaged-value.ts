/** A stored value that our writers never produce: the file is damaged. */
export class DamagedValue extends Error {
  override readonly name = 'DamagedValue'
}

/** Asserts a property of every value that we write. @throws DamagedValue, which `guarded` converts to STORE_DAMAGED */
export function mustBeOurs(condition: boolean, message: string): asserts condition {
  if (!condition) throw new DamagedValue(message)
}

/** Parses stored JSON. @throws DamagedValue it is not JSON */
export function parseStoredJson(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch (error) {
    throw new DamagedValue('stored JSON cannot be parsed', { cause: error })
  }
}
