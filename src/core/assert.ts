/** A broken invariant: a bug in this program, never a fault of a caller or a node. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError'
}

/** Asserts an invariant. @throws AssertionError `condition` is false: a bug */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message)
}
