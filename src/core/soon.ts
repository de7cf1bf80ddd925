/**
 * A value, or a promise of it. What is in memory or in a local file comes at once, because a promise for each step of a
 * frequent request costs as much as its look-ups. A function that returns this throws at once, or its promise rejects.
 * Callers that are not on the path of a frequent request await it.
 */
export type Soon<T> = T | Promise<T>

/** Continues with a value: at once if it is there. */
export function andThen<T, U>(value: Soon<T>, next: (value: T) => Soon<U>): Soon<U> {
  return value instanceof Promise ? value.then(next) : next(value)
}

/** Returns the results of both. The second one starts while the first one waits. Fails as the first that fails. */
export function together<T, U>(first: () => Soon<T>, second: () => Soon<U>): Soon<readonly [T, U]> {
  const one = first()
  if (one instanceof Promise) return Promise.all([one, (async () => second())()])
  return andThen(second(), (other) => [one, other] as const)
}
