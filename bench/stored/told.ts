/** Most differences that are told. */
const MAX_TOLD = 10

/** Differences, in words. Of very many, only the first ones are kept. */
export class Told {
  readonly lines: string[] = []
  #more = 0

  add(line: string): void {
    if (this.lines.length < MAX_TOLD) this.lines.push(line)
    else this.#more++
  }

  /** All that was told. */
  all(): readonly string[] {
    return this.#more === 0 ? this.lines : [...this.lines, `and ${this.#more} more`]
  }
}
