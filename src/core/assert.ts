/** A broken invariant: a bug in this program, never a caller's or a node's fault. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError'
}

/**
 * States what must be true here.
 * @throws AssertionError when it is not: a bug.
 */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message)
}
