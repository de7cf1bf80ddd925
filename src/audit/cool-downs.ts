import { type AssetRef, assetKey } from '../core/asset.ts'

/** Tokens that may rest at once; the first to rest is the first to be forgotten. */
const MAX_ACTIVE = 1_000
/** Rounds for which a token rests double each time, up to this. */
const MAX_ROUNDS = 1_024
/** Rounds of a pause, which says nothing of the token: others have their turn. */
const PAUSE_ROUNDS = 2

type CoolDown = { readonly failures: number; readonly untilRound: number }

/** Tokens that are left alone for some rounds of the audit. */
export class CoolDowns {
  readonly #active = new Map<string, CoolDown>()
  #round = 0

  nextRound(): void {
    this.#round++
  }

  isCoolingDown(asset: AssetRef): boolean {
    return (this.#active.get(assetKey(asset))?.untilRound ?? 0) > this.#round
  }

  /** For some rounds, more each time, until `forget`. */
  start(asset: AssetRef): void {
    const name = assetKey(asset)
    const failures = (this.#active.get(name)?.failures ?? 0) + 1
    this.#set(name, { failures, untilRound: this.#round + Math.min(2 ** failures, MAX_ROUNDS) })
  }

  /** For a few rounds, however often. */
  pause(asset: AssetRef): void {
    const name = assetKey(asset)
    this.#set(name, { failures: this.#active.get(name)?.failures ?? 0, untilRound: this.#round + PAUSE_ROUNDS })
  }

  /** The next rest is the first again. */
  forget(asset: AssetRef): void {
    this.#active.delete(assetKey(asset))
  }

  #set(name: string, rest: CoolDown): void {
    this.#active.delete(name)
    this.#active.set(name, rest)
    const [oldest] = this.#active.keys()
    if (this.#active.size > MAX_ACTIVE && oldest !== undefined) this.#active.delete(oldest)
  }
}
