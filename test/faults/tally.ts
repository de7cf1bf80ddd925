import type { Untruth } from './claims.ts'

/** The outcome of a question. `unknown` is an honest 503. `away`: the server was killed or not yet up. */
export type Verdict = 'true' | 'unknown' | 'away' | 'not yet known' | 'untrue' | 'unexpected'

/** How many untrue answers of a kind are kept in detail. */
const KEPT = 4

/** Counts outcomes by kind of question, and keeps the first untrue answers. */
export class Tally {
  readonly #counts = new Map<string, Map<Verdict, number>>()
  readonly #details = new Map<string, string[]>()
  readonly #untrue = new Map<string, number>()

  add(question: string, verdict: Verdict): void {
    const counts = this.#counts.get(question) ?? new Map<Verdict, number>()
    counts.set(verdict, (counts.get(verdict) ?? 0) + 1)
    this.#counts.set(question, counts)
  }

  /** Keeps why an answer is untrue. `answer` has the question and the answer. */
  explain(untruth: Untruth, answer: string): void {
    this.#untrue.set(untruth.kind, (this.#untrue.get(untruth.kind) ?? 0) + 1)
    const details = this.#details.get(untruth.kind) ?? []
    // One detail of a subject is enough: the same wrong answer often repeats.
    const isNew = details.every((detail) => subjectOf(detail) !== subjectOf(untruth.detail))
    if (isNew && details.length < KEPT) details.push(`${untruth.detail}\n      ${answer}`)
    this.#details.set(untruth.kind, details)
  }

  /** How many answers had an outcome, over all kinds of questions. */
  total(verdict: Verdict): number {
    return [...this.#counts.values()].reduce((sum, counts) => sum + (counts.get(verdict) ?? 0), 0)
  }

  /** Lines of a report: one for each kind of question, then the untrue answers. */
  lines(): readonly string[] {
    const rows = [...this.#counts]
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([question, counts]) => {
        const parts = [...counts].map(([verdict, count]) => `${verdict} ${count}`)
        return `  ${question.padEnd(34)} ${parts.join('  ')}`
      })
    const untrue = [...this.#untrue].map(([kind, count]) => {
      return `  UNTRUE ${kind}: ${count}\n${(this.#details.get(kind) ?? []).map((detail) => `    - ${detail}`).join('\n')}`
    })
    return [...rows, ...untrue]
  }
}

/** The words of a detail, without its numbers and addresses. */
function subjectOf(detail: string): string {
  return (detail.split('\n')[0] ?? '').replace(/0x[0-9a-f]{20,}|\b\d+\b/g, '')
}
