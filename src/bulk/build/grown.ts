/** Copies an array's values to a larger one, which it returns. */
export function grown<T extends { set(from: ArrayLike<number>): void }>(from: T & ArrayLike<number>, to: T): T {
  to.set(from)
  return to
}
