/** An entry older than this is read again, so what was revoked or disabled works at most this long. */
const RECHECK_SECONDS = 1
/** Values kept in memory, about 1 kB each. */
const MAX_KNOWN = 10_000
/** Ids without a value kept in memory, separate from the others, so that guessing does not evict real ones. */
const MAX_UNKNOWN = 1_000

/** A value as it was last read. `value` undefined: there is none with this id. `checkedAt`: Unix seconds. */
export type Checked<Value> = { readonly value: Value | undefined; readonly checkedAt: number }

/**
 * Values of a store by id, each read at most once a second, also when many callers ask at once. Memory is bounded: the
 * entry that was read longest ago is removed first.
 */
export class Rechecked<Value> {
  readonly #read: (id: string) => Promise<Value | undefined>
  readonly #now: () => number
  readonly #known = new Map<string, Checked<Value>>()
  readonly #unknown = new Map<string, Checked<Value>>()
  readonly #pending = new Map<string, Promise<Checked<Value>>>()

  /** `read` reads one value. `now` returns Unix seconds. */
  constructor(read: (id: string) => Promise<Value | undefined>, now: () => number) {
    this.#read = read
    this.#now = now
  }

  /** Returns the value of an id, without a promise if it was read within the last second. Throws what `read` throws. */
  get(id: string): Checked<Value> | Promise<Checked<Value>> {
    const entry = this.#known.get(id) ?? this.#unknown.get(id)
    return entry !== undefined && this.#isFresh(entry) ? entry : this.#load(id)
  }

  #isFresh(entry: Checked<Value>): boolean {
    const age = this.#now() - entry.checkedAt
    return age >= 0 && age < RECHECK_SECONDS
  }

  #load(id: string): Promise<Checked<Value>> {
    const pending = this.#pending.get(id)
    if (pending !== undefined) return pending
    // The time before the read: a value that changes during the read is read again a second later.
    const checkedAt = this.#now()
    const loading = this.#read(id)
      .then((value) => this.#remember(id, { value, checkedAt }))
      .finally(() => this.#pending.delete(id))
    this.#pending.set(id, loading)
    return loading
  }

  #remember(id: string, entry: Checked<Value>): Checked<Value> {
    this.#known.delete(id)
    this.#unknown.delete(id)
    const [map, max] = entry.value === undefined ? [this.#unknown, MAX_UNKNOWN] : [this.#known, MAX_KNOWN]
    map.set(id, entry)
    if (map.size > max) removeOldest(map)
    return entry
  }
}

function removeOldest(map: Map<string, unknown>): void {
  for (const oldest of map.keys()) {
    map.delete(oldest)
    return
  }
}
