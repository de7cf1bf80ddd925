import { ServiceError } from '../core/errors.ts'
import { throwIfAborted } from '../net/wait.ts'
import { MAX_COINS, type PriceSource, type SourcePrice } from './price-source.ts'
import { Recent } from './recent.ts'

/** Questions are about the start of such a step, in seconds, so that near times are one question. */
const STEP_SECONDS = 600
/** Farthest that a price may be from the time of the question, in seconds. It is what DefiLlama searches. */
const MAX_DISTANCE_SECONDS = 6 * 3_600
/** Answers kept in memory, about 200 bytes each. */
const MAX_ANSWERS = 20_000
/** Seconds until the source is asked again for a price that it did not have. */
const UNKNOWN_SECONDS = 3_600
/** Seconds without questions after one failed. */
const FAILURE_PAUSE_SECONDS = 60
/** Most steps waiting for the source. A request takes a part of a second, and callers wait for it. */
const MAX_WAITING = 50
/** A source that answers nothing for so long, in milliseconds, while a caller waits, has failed. */
const SILENCE_MS = 2_000

/** How long the questions of one request wait for the source, in milliseconds: well below the request's deadline. */
export const PRICE_WAIT_MS = 3_000

/** A price of the past with its own time, in Unix seconds. */
export type PastPrice = SourcePrice & { readonly at: number }
/** An asset (CAIP-19) and the source's name of it. */
export type NamedCoin = { readonly asset: string; readonly coin: string }
/** Takes the prices of one answer of the source. Must not throw. */
export type OnPrices = (prices: readonly { readonly asset: string; readonly price: PastPrice }[]) => Promise<void>

type Answer = { readonly price: SourcePrice | undefined; readonly askedAt: number }
/** Assets by coin. `open`: coins can still be added. `callers`: how many wait. `left` fires when none waits any more. */
type Step = {
  readonly coins: Map<string, Set<string>>
  readonly left: AbortController
  open: boolean
  callers: number
  done: Promise<void>
}

/** Prices of the past from a source, in few requests: all questions of one tick about one time are one. */
export class PastPrices {
  readonly #source: PriceSource
  readonly #signal: AbortSignal
  readonly #now: () => number
  readonly #onPrices: OnPrices
  readonly #answers = new Recent<Answer>(MAX_ANSWERS)
  readonly #steps = new Map<number, Step>()
  /** Steps that wait for the source, or are being answered. */
  readonly #waiting = new Set<Step>()
  #pausedUntil = 0
  /** When the source last answered, by the process's clock in milliseconds. */
  #answeredMs = 0

  /** `now`: Unix seconds. `signal` ends open requests. */
  constructor(parts: { source: PriceSource; signal: AbortSignal; now: () => number; onPrices: OnPrices }) {
    this.#source = parts.source
    this.#signal = parts.signal
    this.#now = parts.now
    this.#onPrices = parts.onPrices
    const stop = (): void => {
      for (const { left } of this.#waiting) left.abort()
    }
    parts.signal.addEventListener('abort', stop, { once: true })
  }

  /**
   * Returns the source's price of a coin near a time (Unix seconds), with its own time. Undefined if the source has
   * none, or could not be asked before `signal` fired, which is after three seconds by default. A request that no
   * caller waits for is not sent, or ended.
   * @throws UNAVAILABLE the source fails: it answers nothing, or is not asked at the moment; or the source's error
   */
  async ask(named: NamedCoin, time: number, signal?: AbortSignal): Promise<PastPrice | undefined> {
    const { coin } = named
    const start = time - (time % STEP_SECONDS)
    if (this.#known(coin, start) === undefined) {
      const step = signal?.aborted === true ? undefined : this.#stepOf(named, start)
      if (step !== undefined) await this.#join(step, { start, signal: signal ?? AbortSignal.timeout(PRICE_WAIT_MS) })
    }
    return this.#near(this.#known(coin, start)?.price, { start, time })
  }

  #near(price: SourcePrice | undefined, { start, time }: { start: number; time: number }): PastPrice | undefined {
    if (price === undefined) return undefined
    const at = Math.min(price.at ?? start, this.#now())
    return Math.abs(at - time) > MAX_DISTANCE_SECONDS ? undefined : { ...price, at }
  }

  #known(coin: string, start: number): Answer | undefined {
    const answer = this.#answers.get(`${coin}@${start}`)
    const isOld = answer?.price === undefined && this.#now() - (answer?.askedAt ?? 0) >= UNKNOWN_SECONDS
    return isOld ? undefined : answer
  }

  /** The request for this coin, under way or new; undefined if too many are waiting. */
  #stepOf({ asset, coin }: NamedCoin, start: number): Step | undefined {
    const asked = this.#steps.get(start)
    if (asked?.open === true || asked?.coins.has(coin) === true) {
      asked.coins.set(coin, (asked.coins.get(coin) ?? new Set()).add(asset))
      return asked
    }
    this.#mustAnswer()
    if (this.#waiting.size >= MAX_WAITING) return undefined
    const coins = new Map([[coin, new Set([asset])]])
    const own: Step = { coins, left: new AbortController(), open: true, callers: 0, done: Promise.resolve() }
    this.#waiting.add(own)
    own.done = this.#send(start, own).finally(() => {
      this.#waiting.delete(own)
      this.#forget(start, own)
    })
    // Its callers may have left before it fails.
    own.done.catch(() => undefined)
    this.#steps.set(start, own)
    return own
  }

  #forget(start: number, step: Step): void {
    if (this.#steps.get(start) === step) this.#steps.delete(start)
  }

  #mustAnswer(): void {
    if (this.#now() < this.#pausedUntil) throw new ServiceError('UNAVAILABLE', 'The source of prices fails')
  }

  async #send(start: number, asked: Step): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    asked.open = false
    const all = [...asked.coins.keys()]
    for (let from = 0; from < all.length; from += MAX_COINS)
      await this.#sendSome({ start, asked }, all.slice(from, from + MAX_COINS))
  }

  async #sendSome({ start, asked }: { start: number; asked: Step }, coins: readonly string[]): Promise<void> {
    this.#mustAnswer()
    const { left } = asked
    throwIfAborted(this.#signal)
    try {
      const prices = await this.#source.past(start, coins, left.signal)
      const askedAt = this.#now()
      this.#answeredMs = performance.now()
      for (const coin of coins) this.#answers.set(`${coin}@${start}`, { price: prices.get(coin), askedAt })
      await this.#keep({ start, asked }, coins)
    } catch (error) {
      if (!left.signal.aborted) this.#pause()
      throw error
    }
  }

  async #keep({ start, asked }: { start: number; asked: Step }, coins: readonly string[]): Promise<void> {
    const found = coins.flatMap((coin) => {
      const price = this.#near(this.#answers.get(`${coin}@${start}`)?.price, { start, time: start })
      return price === undefined ? [] : [...(asked.coins.get(coin) ?? [])].map((asset) => ({ asset, price }))
    })
    if (found.length > 0) await this.#onPrices(found)
  }

  #pause(): void {
    this.#pausedUntil = this.#now() + FAILURE_PAUSE_SECONDS
  }

  /** Waits for a request, or until the signal fires. */
  async #join(step: Step, { start, signal }: { start: number; signal: AbortSignal }): Promise<void> {
    const since = performance.now()
    step.callers += 1
    const answered = new AbortController()
    const late = untilFired(signal, answered.signal)
    try {
      if ((await Promise.race([step.done, late])) !== LATE) return
    } finally {
      answered.abort()
      step.callers -= 1
      if (step.callers === 0) {
        this.#forget(start, step)
        step.left.abort()
      }
    }
    if (performance.now() - Math.max(since, this.#answeredMs) < SILENCE_MS) return
    this.#pause()
    throw new ServiceError('UNAVAILABLE', 'The source of prices did not answer in time')
  }
}

const LATE = Symbol('late')

/** Resolves to `LATE` when the signal fires. Its listener goes when `over` fires. */
function untilFired(signal: AbortSignal, over: AbortSignal): Promise<typeof LATE> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(LATE)
    signal.addEventListener('abort', () => resolve(LATE), { once: true, signal: over })
  })
}
