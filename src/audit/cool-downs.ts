import { type AssetRef, assetKey } from '../core/asset.ts'

/** Tokens that may rest at once; the first to rest is the first to be forgotten. */
const MAX_RESTING = 1_000
/** Rounds for which a token rests double each time, up to this. */
const MAX_REST_ROUNDS = 1_024
/** Rounds of a pause, which says nothing of the token: others have their turn. */
const PAUSE_ROUNDS = 2

type Rest = { readonly failures: number; readonly untilRound: number }

/** Tokens that are left alone for some rounds of the audit. */
export class CoolDowns {
  readonly #rests = new Map<string, Rest>()
  #round = 0

  nextRound(): void {
    this.#round++
  }

  isCoolingDown(asset: AssetRef): boolean {
    return (this.#rests.get(assetKey(asset))?.untilRound ?? 0) > this.#round
  }

  /** For some rounds, more each time, until `forget`. */
  rest(asset: AssetRef): void {
    const name = assetKey(asset)
    const failures = (this.#rests.get(name)?.failures ?? 0) + 1
    this.#keep(name, { failures, untilRound: this.#round + Math.min(2 ** failures, MAX_REST_ROUNDS) })
  }

  /** For a few rounds, however often. */
  pause(asset: AssetRef): void {
    const name = assetKey(asset)
    this.#keep(name, { failures: this.#rests.get(name)?.failures ?? 0, untilRound: this.#round + PAUSE_ROUNDS })
  }

  /** The next rest is the first again. */
  forget(asset: AssetRef): void {
    this.#rests.delete(assetKey(asset))
  }

  #keep(name: string, rest: Rest): void {
    this.#rests.delete(name)
    this.#rests.set(name, rest)
    const [oldest] = this.#rests.keys()
    if (this.#rests.size > MAX_RESTING && oldest !== undefined) this.#rests.delete(oldest)
  }
}
