import { assert } from '../core/assert.ts'
import { randomFrom } from './plan.ts'

/** Seeded choices: the same seed makes the same choices in the same order. */
export class Draw {
  readonly #random: () => number

  constructor(seed: number) {
    this.#random = randomFrom(seed)
  }

  /** A whole number from 0 to `n` - 1. */
  below(n: number): number {
    return Math.floor(this.#random() * n)
  }

  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1)
  }

  /** True in one of `n` draws. */
  oneIn(n: number): boolean {
    return this.below(n) === 0
  }

  /** One of a list that is not empty. */
  of<T>(list: readonly T[]): T {
    const chosen = list[this.below(list.length)]
    assert(chosen !== undefined, 'a list to draw from is not empty')
    return chosen
  }

  /** Up to `most` items of a list, at least one, in a drawn order. */
  some<T>(list: readonly T[], most: number): T[] {
    const left = [...list]
    const count = Math.min(left.length, this.between(1, most))
    return Array.from({ length: count }, () => left.splice(this.below(left.length), 1)).flat()
  }
}
