import type { BalanceRead, ChainReader } from '../chains/adapter.ts'
import { assetKey } from '../core/asset.ts'
import type { Balance, BalanceKey, Observation } from '../core/balance.ts'
import type { BlockRef, Header } from '../core/block.ts'
import { isServiceError } from '../core/errors.ts'
import { within } from '../net/deadline.ts'
import type { ObservationStore } from '../store/store.ts'
import { unknown } from './standing.ts'

/** How long callers wait for a node before they get what is stored, in milliseconds: below the deadline of a request. */
const READ_TIMEOUT_MS = 5_000

/** What a read brought: the observation, or why there is none. */
export type ReadResult = Observation | (Balance & { readonly known: false })

/** True where the read brought an amount. */
export function isObservation(result: ReadResult): result is Observation {
  return 'amount' in result
}

type Waiting = {
  readonly key: BalanceKey
  readonly resolve: (result: ReadResult) => void
}

/**
 * Reads of one chain's newest block. What is asked in one turn of the event loop travels together, and a key that is
 * being read is not read again beside it. Never throws: a node that fails leaves `node_unavailable`.
 */
export class NodeReader {
  readonly #adapter: ChainReader
  readonly #observations: ObservationStore
  readonly #signal: AbortSignal
  /** What is being read, or about to be. */
  readonly #underWay = new Map<string, Promise<ReadResult>>()
  #gathering: Waiting[] | undefined

  constructor(parts: { adapter: ChainReader; observations: ObservationStore; signal: AbortSignal }) {
    this.#adapter = parts.adapter
    this.#observations = parts.observations
    this.#signal = parts.signal
  }

  /** Balances at the node's newest block, in the order of the keys; what was read is stored. */
  readNow(keys: readonly BalanceKey[]): Promise<readonly ReadResult[]> {
    return Promise.all(keys.map((key) => this.#join(key)))
  }

  /** Balances at a named block, in the order of the keys. Nothing is stored. */
  async readAt(keys: readonly BalanceKey[], at: BlockRef): Promise<readonly ReadResult[]> {
    try {
      const { block, observedAt, reads } = await this.#inTime((signal) =>
        this.#adapter.readBalances({ keys, at }, signal),
      )
      return keys.map((key, index) => toResult({ key, read: reads[index], block, observedAt }))
    } catch {
      return keys.map(() => unknown('node_unavailable'))
    }
  }

  /** The node's block at a height, or undefined where it does not tell. */
  async headerAt(number: number): Promise<Header | undefined> {
    try {
      const range = { first: number, last: number }
      const [header] = await this.#inTime((signal) => this.#adapter.headers(range, signal))
      return header
    } catch {
      return undefined
    }
  }

  #join(key: BalanceKey): Promise<ReadResult> {
    const name = `${key.account}/${assetKey(key.asset)}/${key.item}`
    const known = this.#underWay.get(name)
    if (known !== undefined) return known
    if (this.#gathering === undefined) {
      const gathered: Waiting[] = []
      this.#gathering = gathered
      setImmediate(() => {
        this.#gathering = undefined
        void this.#send(gathered)
      })
    }
    let resolve: (result: ReadResult) => void = () => undefined
    const promise = new Promise<ReadResult>((done) => {
      resolve = done
    }).finally(() => this.#underWay.delete(name))
    this.#underWay.set(name, promise)
    this.#gathering.push({ key, resolve })
    return promise
  }

  async #send(waiting: readonly Waiting[]): Promise<void> {
    try {
      const keys = waiting.map(({ key }) => key)
      const { block, observedAt, reads } = await this.#inTime((signal) =>
        this.#adapter.readBalances({ keys, at: 'latest' }, signal),
      )
      const results = keys.map((key, index) => toResult({ key, read: reads[index], block, observedAt }))
      await this.#keep(results.filter(isObservation))
      for (const [index, { resolve }] of waiting.entries()) resolve(results[index] ?? unknown('node_unavailable'))
    } catch {
      for (const { resolve } of waiting) resolve(unknown('node_unavailable'))
    }
  }

  /** Keeps what was read for later answers. Where the store cannot be written, the reads still answer. */
  async #keep(read: readonly Observation[]): Promise<void> {
    try {
      await this.#observations.put(read)
    } catch (error) {
      if (!isServiceError(error)) throw error
    }
  }

  #inTime<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return within({ ms: READ_TIMEOUT_MS, signal: this.#signal }, work)
  }
}

type Answered = { key: BalanceKey; read: BalanceRead | undefined; block: BlockRef; observedAt: number }

function toResult({ key, read, block, observedAt }: Answered): ReadResult {
  if (read === undefined) return unknown('node_unavailable')
  if (!read.ok) return unknown(read.reason)
  return { ...key, amount: read.amount, block: { number: block.number, hash: block.hash }, observedAt }
}
