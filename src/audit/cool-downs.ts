import { type AssetRef, assetKey } from '../core/asset.ts'

/** Most tokens in cool-down at once. Beyond it, the oldest cool-down is dropped. */
const MAX_ACTIVE = 1_000
/** Cool-downs double each time, up to this many rounds. */
const MAX_ROUNDS = 1_024
/** Rounds of a pause, which says nothing about the token: it lets other tokens go first. */
const PAUSE_ROUNDS = 2

type CoolDown = { readonly failures: number; readonly untilRound: number }

/** Tokens that the audit skips for some rounds. */
export class CoolDowns {
  readonly #active = new Map<string, CoolDown>()
  #round = 0

  nextRound(): void {
    this.#round++
  }

  isCoolingDown(asset: AssetRef): boolean {
    return (this.#active.get(assetKey(asset))?.untilRound ?? 0) > this.#round
  }

  /** Skips the token for some rounds: twice as many each time, until `forget`. */
  start(asset: AssetRef): void {
    const name = assetKey(asset)
    const failures = (this.#active.get(name)?.failures ?? 0) + 1
    this.#set(name, { failures, untilRound: this.#round + Math.min(2 ** failures, MAX_ROUNDS) })
  }

  /** Skips the token for a few rounds, always the same number. */
  pause(asset: AssetRef): void {
    const name = assetKey(asset)
    this.#set(name, { failures: this.#active.get(name)?.failures ?? 0, untilRound: this.#round + PAUSE_ROUNDS })
  }

  /** Ends the cool-down. The next one is short again. */
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
