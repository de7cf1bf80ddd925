import type { Kind } from '../core/chain.ts'
import type { RowKey } from '../core/custody.ts'
import type { AddressStore } from '../store/seam/custody.ts'

/** Addresses that are loaded in one read of the store. */
const LOADED_AT_ONCE = 5_000

/** The addresses that any wallet watches, in memory: about 150 bytes each. Other processes may add more at any time. */
export class WatchedAddresses {
  readonly #store: AddressStore
  readonly #lists = new Map<Kind, string[]>()
  readonly #sets = new Map<Kind, Set<string>>()
  #through: RowKey = 0

  constructor(store: AddressStore) {
    this.#store = store
  }

  /** Loads addresses that were added since the last call. */
  async load(): Promise<void> {
    for (;;) {
      const rows = await this.#store.since({ after: this.#through, limit: LOADED_AT_ONCE })
      for (const { row, family, address } of rows) {
        this.#through = Math.max(this.#through, row)
        this.#keep(family, address)
      }
      if (rows.length < LOADED_AT_ONCE) return
    }
  }

  has(family: Kind, address: string): boolean {
    return this.#sets.get(family)?.has(address) === true
  }

  /** The addresses of a family, in the order in which they were added. */
  of(family: Kind): readonly string[] {
    return this.#lists.get(family) ?? []
  }

  #keep(family: Kind, address: string): void {
    const set = this.#sets.get(family) ?? new Set()
    this.#sets.set(family, set)
    if (set.has(address)) return
    set.add(address)
    const list = this.#lists.get(family) ?? []
    this.#lists.set(family, list)
    list.push(address)
  }
}
