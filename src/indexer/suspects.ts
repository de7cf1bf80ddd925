import { assetKey } from '../core/asset.ts'
import type { Suspect } from './audit-case.ts'

/** Suspicions waiting at most, one a token. */
const MAX_SUSPECTS = 1_000
/** Rounds for which a token rests whose suspicion came to nothing doubles each time, up to this. */
const MAX_REST_ROUNDS = 1_024

type Rest = { readonly failures: number; readonly untilRound: number }

/** Suspicions that wait to be looked into, one a token; and tokens that rest, since the last one came to nothing. */
export class Suspects {
  readonly #waiting = new Map<string, Suspect>()
  readonly #rests = new Map<string, Rest>()
  #round = 0

  get size(): number {
    return this.#waiting.size
  }

  nextRound(): void {
    this.#round++
  }

  /** Keeps a suspicion, unless its token has one already or rests. */
  add(suspect: Suspect): void {
    const name = assetKey(suspect.asset)
    if (this.#waiting.has(name) || this.#waiting.size >= MAX_SUSPECTS) return
    if ((this.#rests.get(name)?.untilRound ?? 0) > this.#round) return
    this.#waiting.set(name, suspect)
  }

  /** Takes up to `limit` of them, oldest first. */
  take(limit: number): readonly Suspect[] {
    const some = [...this.#waiting].slice(0, limit)
    for (const [name] of some) this.#waiting.delete(name)
    return some.map(([, suspect]) => suspect)
  }

  /** Leaves a token's suspicions alone for some rounds, more each time. */
  rest({ asset }: Suspect): void {
    const name = assetKey(asset)
    const failures = (this.#rests.get(name)?.failures ?? 0) + 1
    this.#rests.delete(name)
    this.#rests.set(name, { failures, untilRound: this.#round + Math.min(2 ** failures, MAX_REST_ROUNDS) })
    const [oldest] = this.#rests.keys()
    if (this.#rests.size > MAX_SUSPECTS && oldest !== undefined) this.#rests.delete(oldest)
  }
}
