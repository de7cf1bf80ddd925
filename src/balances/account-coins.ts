import type { AccountReader, CoinReads } from '../chains/account-reader.ts'
import { type AssetRef, assetKey, NO_ITEM } from '../core/asset.ts'
import type { Observation } from '../core/balance.ts'
import { isServiceError } from '../core/errors.ts'
import { within } from '../net/deadline.ts'
import type { ChainClock } from '../store/seam/chain-clock.ts'
import type { ChainReads } from '../store/seam/store.ts'
import type { Freshness } from './balances.ts'
import { testOf } from './freshness.ts'
import { READ_TIMEOUT_MS } from './node-reader.ts'
import { isDoubtful } from './pick-answer.ts'

/** Most accounts whose coins are kept until the next block. */
const MAX_KEPT = 200
/** An account with more coins is read again for each question. */
const MAX_COINS_KEPT = 1_000

/** Most tokens of an account that are compared with the journal. */
const MAX_COMPARED = 1_000

/** Which coins: those of tokens, or those of the native asset. */
export type CoinKind = 'tokens' | 'native'

/** How fresh coins must be: `clock` names the newest block; `now` is Unix seconds. */
export type CoinFreshness = { readonly freshness: Freshness; readonly clock: ChainClock; readonly now: number }

/** Reads what accounts hold, on chains whose nodes can be asked, and stores it as observations. Never throws. */
export class AccountCoins {
  readonly #reader: AccountReader
  readonly #reads: Pick<ChainReads, 'account' | 'clock' | 'observations' | 'walk'>
  readonly #signal: AbortSignal
  readonly #underWay = new Map<string, Promise<CoinReads | undefined>>()
  readonly #kept = new Map<string, CoinReads>()

  constructor(deps: {
    readonly reader: AccountReader
    readonly reads: Pick<ChainReads, 'account' | 'clock' | 'observations' | 'walk'>
    readonly signal: AbortSignal
  }) {
    this.#reader = deps.reader
    this.#reads = deps.reads
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
      // Before the coins are read: what a block reveals later did not help to find them.
      const whole = of === 'tokens' ? await this.#wholeThrough(account) : undefined
      const bounds = { ms: READ_TIMEOUT_MS, signal: this.#signal }
      const found = await within(bounds, (signal) => this.#readCoins(account, of, signal))
      const read = { ...found, isCut: found.isCut && found.block.number > (whole ?? -1) }
      this.#keep(`${of}/${account}`, read)
      await this.#observe(account, of, read)
      return read
    } catch (error) {
      if (!isServiceError(error)) throw error
      return undefined
    }
  }

  /**
   * Reads coins, once more if the journal contradicts them: a node cannot be asked as of a block, and behind one address may be
   * machines of several heights.
   */
  async #readCoins(account: string, of: CoinKind, signal: AbortSignal): Promise<CoinReads> {
    const read = await this.#reader.readCoins(account, of, signal)
    if (of === 'native' || !(await this.#isContradicted(account, read))) return read
    return this.#reader.readCoins(account, of, signal)
  }

  /** True if the account is followed, and the journal has another amount of a token at this block. */
  async #isContradicted(account: string, { block, coins }: CoinReads): Promise<boolean> {
    const clock = await this.#reads.clock()
    if (testOf(clock)?.keeps(account) !== true || block.number > (clock.published?.number ?? -1)) return false
    const { holds, rows, next } = await this.#reads.walk({
      after: { share: 0 },
      at: block,
      account,
      limit: MAX_COMPARED,
    })
    if (!holds || next !== undefined) return false
    const sums = sumsOf(coins)
    const isOther = rows.some(({ asset, amount, inDoubt }) => {
      const sum = sums.get(assetKey(asset))?.amount ?? 0n
      sums.delete(assetKey(asset))
      return amount !== undefined && !inDoubt && amount !== sum
    })
    return isOther || sums.size > 0
  }

  /** The block up to which all tokens of an account are known, if it is followed and whole blocks were read for it. */
  async #wholeThrough(account: string): Promise<number | undefined> {
    const page = { standards: [], receivedOnly: false, assets: undefined, offset: 0, limit: 0 }
    const { clock, mayLackTokens } = await this.#reads.account({ account, ...page })
    return testOf(clock)?.keeps(account) === true && !mayLackTokens ? clock.published?.number : undefined
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
    const sums = sumsOf(coins)
    const held = [...sums.values()].map((sum): Observation => ({ ...at, ...sum }))
    try {
      const before = of === 'tokens' ? await this.#reads.observations.heldBy(account) : []
      const gone = before.filter((asset) => !sums.has(assetKey(asset))).map((asset) => ({ ...at, asset, amount: 0n }))
      await this.#reads.observations.put([...held, ...gone])
    } catch (error) {
      // If the store cannot be written, the read still answers.
      if (!isServiceError(error)) throw error
    }
  }
}

type Sum = { readonly asset: AssetRef; readonly amount: bigint }

/** The sums of coins, by `assetKey`. */
function sumsOf(coins: CoinReads['coins']): Map<string, Sum> {
  const sums = new Map<string, Sum>()
  for (const { asset, amount } of coins) {
    const key = assetKey(asset)
    sums.set(key, { asset, amount: amount + (sums.get(key)?.amount ?? 0n) })
  }
  return sums
}

/** True if a kept read is as fresh as requested: of the newest block, or young enough. */
function isFresh(kept: CoinReads, { freshness, clock, now }: CoinFreshness): boolean {
  if (freshness.mode === 'force') return false
  if (freshness.mode === 'max_age') return now - kept.observedAt <= freshness.seconds
  const { head } = clock
  if (head === undefined || isDoubtful(kept, clock)) return false
  return kept.block.number > head.number || (kept.block.number === head.number && kept.block.hash === head.hash)
}
