/**
 * A map of at most about `maxEntries`. It removes entries that were not used for some time. It keeps two generations.
 * When the young one is full, it replaces the old one. A hit in the young generation changes nothing.
 */
export class Recent<V> {
  #young = new Map<string, V>()
  #old = new Map<string, V>()
  readonly #half: number

  constructor(maxEntries: number) {
    this.#half = Math.max(1, Math.ceil(maxEntries / 2))
  }

  /** The number of entries. An entry in both generations counts twice. */
  get size(): number {
    return this.#young.size + this.#old.size
  }

  /** Returns the entry of a key and marks it as used. */
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
