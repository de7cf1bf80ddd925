import type { TrueBlock } from './truth.ts'

/** When the server was told of which heads, in this run of its process: an answer must not seem younger than that. */
export class Told {
  /** First times at which a head of this height or above it was told, in milliseconds, by height. */
  readonly #reached: number[] = []
  /** First times at which a head was told that is another block of this height, by height and hash. */
  readonly #heads = new Map<number, Map<string, number>>()

  /** A new process knows nothing of what an earlier one was told. */
  reset(): void {
    this.#reached.length = 0
    this.#heads.clear()
  }

  /** A node said that this is its head. */
  note({ number, hash }: { readonly number: number; readonly hash: string }): void {
    const now = Date.now()
    for (let height = number; height >= 0 && this.#reached[height] === undefined; height--) this.#reached[height] = now
    const level = this.#heads.get(number) ?? new Map<string, number>()
    if (!level.has(hash)) level.set(hash, now)
    this.#heads.set(number, level)
  }

  /** Since when the server can know that a block is not the newest one. */
  after({ number, hash }: TrueBlock): number | undefined {
    const others = [...(this.#heads.get(number) ?? [])].flatMap(([other, atMs]) => (other === hash ? [] : [atMs]))
    const above = this.#reached[number + 1]
    const times = above === undefined ? others : [...others, above]
    return times.length === 0 ? undefined : Math.min(...times)
  }
}
