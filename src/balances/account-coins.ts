import type { AccountReader, CoinReads } from '../chains/account-reader.ts'
import { assetKey, NO_ITEM } from '../core/asset.ts'
import type { Observation } from '../core/balance.ts'
import { isServiceError } from '../core/errors.ts'
import { within } from '../net/deadline.ts'
import type { ChainClock } from '../store/seam/chain-clock.ts'
import type { ObservationStore } from '../store/seam/observations.ts'
import type { Freshness } from './balances.ts'
import { isDoubtful } from './pick-answer.ts'

/**
 * How long callers wait for the coins of an account, in milliseconds: several rounds of calls for one that was never asked
 * for, and less than a request's deadline.
 */
const READ_TIMEOUT_MS = 8_000
/** Most accounts whose coins are kept until the next block. */
const MAX_KEPT = 200
/** An account with more coins is read again for each question. */
const MAX_COINS_KEPT = 1_000

/** Which coins: those of tokens, or those of the native asset. */
export type CoinKind = 'tokens' | 'native'

/** How fresh coins must be: `clock` names the newest block; `now` is Unix seconds. */
export type CoinFreshness = { readonly freshness: Freshness; readonly clock: ChainClock; readonly now: number }

/** Reads what accounts hold, on chains whose nodes can be asked, and stores it as observations. Never throws. */
export class AccountCoins {
  readonly #reader: AccountReader
  readonly #observations: ObservationStore
  readonly #signal: AbortSignal
  readonly #underWay = new Map<string, Promise<CoinReads | undefined>>()
  readonly #kept = new Map<string, CoinReads>()

  constructor(deps: {
    readonly reader: AccountReader
    readonly observations: ObservationStore
    readonly signal: AbortSignal
  }) {
    this.#reader = deps.reader
    this.#observations = deps.observations
    this.#signal = deps.signal
  }

  /** The unspent coins of an account; undefined if no node returns them, and none are kept. */
  async get(account: string, of: CoinKind, how: CoinFreshness): Promise<CoinReads | undefined> {
    const name = `${of}/${account}`
    const kept = this.#kept.get(name)
    if (kept !== undefined && isFresh(kept, how)) return kept
    return (await this.#read(account, of)) ?? this.#kept.get(name)
  }

  /** Equal reads under way are shared. */
  #read(account: string, of: CoinKind): Promise<CoinReads | undefined> {
    const name = `${of}/${account}`
    const known = this.#underWay.get(name)
    if (known !== undefined) return known
    const reading = this.#ask(account, of).finally(() => this.#underWay.delete(name))
    this.#underWay.set(name, reading)
    return reading
  }

  async #ask(account: string, of: CoinKind): Promise<CoinReads | undefined> {
    try {
      const bounds = { ms: READ_TIMEOUT_MS, signal: this.#signal }
      const read = await within(bounds, (signal) => this.#reader.readCoins(account, of, signal))
      this.#keep(`${of}/${account}`, read)
      await this.#observe(account, of, read)
      return read
    } catch (error) {
      if (!isServiceError(error)) throw error
      return undefined
    }
  }

  #keep(name: string, read: CoinReads): void {
    this.#kept.delete(name)
    if (read.coins.length > MAX_COINS_KEPT) return
    this.#kept.set(name, read)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest)
  }

  /** Stores the sums, and 0 for tokens that the account held when it was last read. */
  async #observe(account: string, of: CoinKind, { block, coins, observedAt }: CoinReads): Promise<void> {
    const at = { account, item: NO_ITEM, block, observedAt }
    const sums = new Map<string, Observation>()
    for (const { asset, amount } of coins) {
      const key = assetKey(asset)
      sums.set(key, { ...at, asset, amount: amount + (sums.get(key)?.amount ?? 0n) })
    }
    try {
      const before = of === 'tokens' ? await this.#observations.heldBy(account) : []
      const gone = before.filter((asset) => !sums.has(assetKey(asset))).map((asset) => ({ ...at, asset, amount: 0n }))
      await this.#observations.put([...sums.values(), ...gone])
    } catch (error) {
      // If the store cannot be written, the read still answers.
      if (!isServiceError(error)) throw error
    }
  }
}

/** True if a kept read is as fresh as requested: of the newest block, or young enough. */
function isFresh(kept: CoinReads, { freshness, clock, now }: CoinFreshness): boolean {
  if (freshness.mode === 'force') return false
  if (freshness.mode === 'max_age') return now - kept.observedAt <= freshness.seconds
  const { head } = clock
  if (head === undefined || isDoubtful(kept, clock)) return false
  return kept.block.number > head.number || (kept.block.number === head.number && kept.block.hash === head.hash)
}
