/** A map of at most `maxEntries`: over it, the entry that was not used for the longest time goes. */
export class Recent<V> {
  readonly #entries = new Map<string, V>()
  readonly #maxEntries: number

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries
  }

  /** Entries held. */
  get size(): number {
    return this.#entries.size
  }

  /** The entry of a key, which counts as used. */
  get(key: string): V | undefined {
    const value = this.#entries.get(key)
    if (value === undefined) return undefined
    // A map keeps the order of insertion: the first key is the one used longest ago.
    this.#entries.delete(key)
    this.#entries.set(key, value)
    return value
  }

  /** Sets the entry of a key. */
  set(key: string, value: V): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size <= this.#maxEntries) return
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest)
      return
    }
  }
}
