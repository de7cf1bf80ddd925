import { setMaxListeners } from 'node:events'
import { setImmediate as nextTick } from 'node:timers/promises'
import type { ChainId } from '../core/chain.ts'
import { within } from '../net/deadline.ts'
import { throwIfAborted } from '../net/wait.ts'
import { PRICE_WAIT_MS } from './past-prices.ts'
import type { PriceQuestion, Prices } from './prices.ts'
import type { Price } from './tokens.ts'

/** Times that are asked for together: a source gets one request for each, with all its assets. */
const TIMES_AT_ONCE = 20
/** Questions of one tick, about 10 ms of work where all prices are stored. */
const QUESTIONS_AT_ONCE = 500

const NEVER = new AbortController().signal

/**
 * Returns prices in the order of the questions, each as `Prices.at` returns it; undefined is unknown. The newest times
 * are asked for first. All questions together wait for the sources for three seconds at most. What is not answered
 * by then is unknown.
 * @throws STORE_UNAVAILABLE, STORE_DAMAGED; ABORTED after `signal` fired
 */
export async function pricesOver(
  prices: Prices,
  chain: ChainId,
  { questions, signal = NEVER }: { readonly questions: readonly PriceQuestion[]; readonly signal?: AbortSignal },
): Promise<readonly (Price | undefined)[]> {
  const found: (Price | undefined)[] = questions.map(() => undefined)
  await within({ ms: PRICE_WAIT_MS, signal }, async (ends) => {
    // Each question that waits listens to it.
    setMaxListeners(QUESTIONS_AT_ONCE, ends)
    for (const wave of inWaves(questions)) {
      throwIfAborted(signal)
      const answers = await Promise.all(wave.map(({ question }) => prices.at(chain, question, ends)))
      for (const [at, { index }] of wave.entries()) found[index] = answers[at]
      await nextTick()
    }
  })
  return found
}

type Placed = { readonly question: PriceQuestion; readonly index: number }

/** Newest times first. Questions about one time are together, so that they are one request to a source. */
function* inWaves(questions: readonly PriceQuestion[]): Generator<readonly Placed[]> {
  const newestFirst = questions.map((question, index): Placed => ({ question, index }))
  newestFirst.sort((a, b) => b.question.time - a.question.time)
  let wave: Placed[] = []
  let times = 0
  for (const one of newestFirst) {
    const isNew = one.question.time !== wave.at(-1)?.question.time
    if (wave.length === QUESTIONS_AT_ONCE || (isNew && times === TIMES_AT_ONCE)) {
      yield wave
      wave = []
      times = 0
    }
    if (isNew || wave.length === 0) times += 1
    wave.push(one)
  }
  if (wave.length > 0) yield wave
}
