/**
 * A map of about `maxEntries` at most: what has not been used for a while goes first. It keeps two generations; when the
 * young one is full, the old one is forgotten and the young one becomes old. A hit in the young one changes nothing.
 */
export class Recent<V> {
  #young = new Map<string, V>()
  #old = new Map<string, V>()
  readonly #half: number

  constructor(maxEntries: number) {
    this.#half = Math.max(1, Math.ceil(maxEntries / 2))
  }

  /** Entries held, counting twice what is in both generations. */
  get size(): number {
    return this.#young.size + this.#old.size
  }

  /** The entry of a key, which counts as used. */
  get(key: string): V | undefined {
    const value = this.#young.get(key)
    if (value !== undefined) return value
    const old = this.#old.get(key)
    if (old !== undefined) this.set(key, old)
    return old
  }

  /** Sets the entry of a key. */
  set(key: string, value: V): void {
    if (this.#young.size >= this.#half && !this.#young.has(key)) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, value)
  }
}
