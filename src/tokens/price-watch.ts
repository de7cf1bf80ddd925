import type { Price } from './tokens.ts'

/** Most assets whose prices are kept: far more than one instance shows in an hour, and 50 requests to the source. */
const MAX_WATCHED = 5_000
/** Only assets that someone asked for within this time are refreshed, in seconds. */
const LATELY_SECONDS = 3_600
/** Longest pause before the source is asked again for an asset that it does not know, in seconds. */
const MAX_PAUSE_SECONDS = 86_400

/** A watched asset. Times are Unix seconds. */
export type Watched = {
  /** CAIP-19. */
  readonly asset: string
  /** The source's name of the asset. */
  readonly coin: string
  price: Price | undefined
  askedAt: number
  /** When the source is asked next. */
  dueAt: number
  /** How often in a row the source did not know the asset. */
  misses: number
  /** The time of the last price that was stored; 0 if none. */
  storedAt: number
}

/**
 * The assets whose prices someone asked for, with their last prices. It holds at most `max`. Assets that nobody asked
 * for the longest are dropped first, those without a price before those with one: nobody can push out known prices by
 * asking for many worthless tokens.
 */
export class PriceWatch {
  readonly #priced = new Map<string, Watched>()
  readonly #unpriced = new Map<string, Watched>()
  readonly #intervalSeconds: number
  readonly #max: number

  constructor(intervalSeconds: number, max = MAX_WATCHED) {
    this.#intervalSeconds = intervalSeconds
    this.#max = max
  }

  /** Returns the entry of an asset without noting that someone asked for it. */
  peek(asset: string): Watched | undefined {
    return this.#priced.get(asset) ?? this.#unpriced.get(asset)
  }

  /** Notes that someone asks for an asset. A new one is due at once, and has the price that `known` returns. */
  ask(named: { readonly asset: string; readonly coin: string }, now: number, known: () => Price | undefined): Watched {
    const watched = this.peek(named.asset) ?? {
      price: known(),
      askedAt: now,
      dueAt: 0,
      misses: 0,
      storedAt: 0,
      ...named,
    }
    watched.askedAt = now
    const map = this.#mapOf(watched)
    // The entry moves to the end: the first one is the one that nobody asked for the longest.
    if (!map.delete(watched.asset)) this.#makeRoom()
    map.set(watched.asset, watched)
    return watched
  }

  /** The entries to refresh: those with a price, and those without one, fewest misses first. */
  due(now: number): { readonly priced: readonly Watched[]; readonly unpriced: readonly Watched[] } {
    // After the clock was set back, times are far ahead: nothing may wait for them.
    const isDue = (one: Watched): boolean =>
      (one.dueAt <= now || one.dueAt > now + this.#pauseAfter(one.misses)) && isAskedLately(one, now)
    const unpriced = [...this.#unpriced.values()].filter(isDue).sort((one, other) => one.misses - other.misses)
    return { priced: [...this.#priced.values()].filter(isDue), unpriced }
  }

  /** Seconds until the next entry is due; undefined if none is watched. */
  nextIn(now: number): number | undefined {
    let next: number | undefined
    for (const map of [this.#priced, this.#unpriced]) {
      for (const one of map.values()) if (isAskedLately(one, now)) next = Math.min(next ?? one.dueAt, one.dueAt)
    }
    return next === undefined ? undefined : Math.max(0, next - now)
  }

  /** Sets the price from the source, unless the known one is newer. A time after `now` is of a clock that was wrong. */
  known(watched: Watched, price: Price, now: number): void {
    const before = watched.price?.updatedAt ?? 0
    if (before <= price.updatedAt || before > now) this.#setPrice(watched, price)
    watched.misses = 0
    watched.dueAt = now + this.#pauseAfter(0)
  }

  /** The source does not know the asset. The price is unknown, and the next pause is twice as long. */
  missed(watched: Watched, now: number): void {
    this.#setPrice(watched, undefined)
    watched.misses += 1
    watched.dueAt = now + this.#pauseAfter(watched.misses)
  }

  /** Seconds until an asset is due again that the source did not know so many times in a row. */
  #pauseAfter(misses: number): number {
    const pause = this.#intervalSeconds * 2 ** Math.min(misses, 30)
    return misses === 0 ? pause : Math.min(MAX_PAUSE_SECONDS, pause)
  }

  #mapOf({ price }: Watched): Map<string, Watched> {
    return price === undefined ? this.#unpriced : this.#priced
  }

  #makeRoom(): void {
    if (this.#priced.size + this.#unpriced.size < this.#max) return
    const from = this.#unpriced.size > 0 ? this.#unpriced : this.#priced
    const [longest] = from.keys()
    if (longest !== undefined) from.delete(longest)
  }

  /** Changes the price of an entry. An entry that was dropped in the meantime stays out. */
  #setPrice(watched: Watched, price: Price | undefined): void {
    const before = this.#mapOf(watched)
    watched.price = price
    const after = this.#mapOf(watched)
    if (before === after || before.get(watched.asset) !== watched) return
    before.delete(watched.asset)
    after.set(watched.asset, watched)
  }
}

function isAskedLately(watched: Watched, now: number): boolean {
  return now - watched.askedAt <= LATELY_SECONDS
}
