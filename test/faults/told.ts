import type { TrueBlock } from './truth.ts'

/** When this server process learned of which heads: an answer must not look fresher than that. */
export class Told {
  /** When the server first learned of a head with this number or a higher one, in milliseconds, by number. */
  readonly #reached: number[] = []
  /** When the server first learned of a head, in milliseconds, by number and hash. */
  readonly #heads = new Map<number, Map<string, number>>()

  /** A new process does not know what an earlier one learned. */
  reset(): void {
    this.#reached.length = 0
    this.#heads.clear()
  }

  /** Records that a node reported this head. */
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
