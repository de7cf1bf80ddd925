/** What adapters learned of a chain and must not forget: short texts, numbered from 1. All processes share them. */
export interface LearnedTexts {
  /** The texts with a number above `after`, in order. */
  since(after: number): Promise<readonly string[]>
  /** Adds the texts that are not there yet. */
  add(texts: readonly string[]): Promise<void>
}
