import type { BalanceRead, ChainReader } from '../chains/adapter.ts'
import { type AssetRef, assetKey, NO_ITEM } from '../core/asset.ts'
import { type BalanceKey, balanceName, type Observation, type Unknown } from '../core/balance.ts'
import { type BlockRef, type Header, sameBlock } from '../core/block.ts'
import { isServiceError, ServiceError } from '../core/errors.ts'
import { within } from '../net/deadline.ts'
import type { ObservationStore } from '../store/seam/observations.ts'
import { unknown } from './freshness.ts'

/** How long callers wait for a node before they get what is stored, in milliseconds: less than a request's deadline. */
export const READ_TIMEOUT_MS = 5_000

/** Why a read returned no amount. `at`: the block at which the chain answered so, if it did. */
export type Failed = Unknown & { readonly at?: BlockRef }

/** Most supplies kept, each at one block: more than the holder lists requested between two blocks. */
const MAX_SUPPLIES = 1_000

/** The result of a read: the observation, or why there is none. */
export type ReadResult = Observation | Failed

/** True if the read returned an amount. */
export function isObservation(result: ReadResult): result is Observation {
  return 'amount' in result
}

/** Called for each balance of an address without code, at a block of ours or the newest one. Must not throw. */
export type OnAbsent = (key: BalanceKey, block: BlockRef) => void

type Waiting = {
  readonly key: BalanceKey
  readonly resolve: (result: ReadResult) => void
}

/** The block of a read: one of ours, with the time when it was last known to be the newest; or the node's newest. */
type Pinned = { readonly block: BlockRef; readonly knownAt: number } | 'latest'

/**
 * Reads balances of one chain. Reads of one event-loop tick are sent together, and equal reads under way are shared.
 * Never throws: if a node fails, the result is `node_unavailable`.
 */
export class NodeReader {
  readonly #adapter: ChainReader
  readonly #observations: ObservationStore
  readonly #signal: AbortSignal
  readonly #onAbsent: OnAbsent | undefined
  /** Reads under way, or about to be sent. */
  readonly #underWay = new Map<string, Promise<ReadResult>>()
  readonly #supplies = new Map<string, ReturnType<NodeReader['supplyAt']>>()
  /** Reads of this tick, by the block's hash. */
  readonly #gathering = new Map<string, Waiting[]>()

  constructor(deps: {
    adapter: ChainReader
    observations: ObservationStore
    signal: AbortSignal
    onAbsent?: OnAbsent
  }) {
    this.#adapter = deps.adapter
    this.#observations = deps.observations
    this.#signal = deps.signal
    this.#onAbsent = deps.onAbsent
  }

  /** Reads balances at the node's newest block, in the order of the keys, and stores them. */
  readNow(keys: readonly BalanceKey[]): Promise<readonly ReadResult[]> {
    return Promise.all(keys.map((key) => this.#join(key, 'latest')))
  }

  /**
   * Reads balances at a block of ours, in the order of the keys, and stores them. What is stored of exactly that block
   * is not read again. `knownAt`: when that block was last known to be the newest, in Unix seconds. The result is
   * `no_archive` if no node has the block any more, or none has its state.
   */
  async readOf(keys: readonly BalanceKey[], pinned: Exclude<Pinned, 'latest'>): Promise<readonly ReadResult[]> {
    const stored = await this.#observations.get(keys)
    return Promise.all(
      keys.map((key, index) => {
        const known = stored[index]
        return known !== undefined && sameBlock(known.block, pinned.block) ? known : this.#join(key, pinned)
      }),
    )
  }

  /**
   * Reads the total supply that an asset reports at a block, and the zero address's part of it (`lost`, 0 if unknown).
   * Undefined if the asset does not report a supply, or no node answers.
   */
  async supplyAt(
    asset: AssetRef,
    at: BlockRef,
    zeroAddress: string | undefined,
  ): Promise<{ readonly total: bigint; readonly lost: bigint } | undefined> {
    const name = `${assetKey(asset)}/${at.hash}`
    const known = this.#supplies.get(name)
    if (known !== undefined) return known
    const reading = this.#supply(asset, at, zeroAddress)
    if (this.#supplies.size >= MAX_SUPPLIES) this.#supplies.clear()
    this.#supplies.set(name, reading)
    const supply = await reading
    // Without an answer, the next caller asks again.
    if (supply === undefined) this.#supplies.delete(name)
    return supply
  }

  async #supply(asset: AssetRef, at: BlockRef, zeroAddress: string | undefined) {
    try {
      const { facts } = await this.#inTime((signal) => this.#adapter.readTokens([asset], signal, { at }))
      const total = facts[0]?.totalSupply
      if (total === undefined) return undefined
      if (zeroAddress === undefined) return { total, lost: 0n }
      const [lost] = await this.readAt([{ account: zeroAddress, asset, item: NO_ITEM }], at)
      return { total, lost: lost !== undefined && isObservation(lost) ? lost.amount : 0n }
    } catch {
      return undefined
    }
  }

  /** Reads balances at a given block, in the order of the keys. Stores nothing. */
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

  /** The number of a node's newest block; undefined if no node answers. */
  async newest(): Promise<number | undefined> {
    try {
      const { block } = await this.#inTime((signal) => this.#adapter.readBalances({ keys: [], at: 'latest' }, signal))
      return block.number
    } catch {
      return undefined
    }
  }

  /**
   * The block that contains a transaction; undefined if no node has it in a block.
   * @throws UNAVAILABLE no node answers
   */
  async transactionBlock(hash: string): Promise<BlockRef | undefined> {
    try {
      return await this.#inTime((signal) => this.#adapter.transactionBlock(hash, signal))
    } catch (cause) {
      if (isServiceError(cause, 'UNAVAILABLE')) throw cause
      throw new ServiceError('UNAVAILABLE', 'no node returns the block of this transaction', { cause })
    }
  }

  /** As `ChainReader.replacedAt`. */
  replacedAt(block: BlockRef): number | undefined {
    return this.#adapter.replacedAt(block)
  }

  /** The node's block at a number; undefined if it does not return one. */
  async headerAt(number: number): Promise<Header | undefined> {
    try {
      const range = { first: number, last: number }
      const [header] = await this.#inTime((signal) => this.#adapter.headers(range, signal))
      return header
    } catch {
      return undefined
    }
  }

  #join(key: BalanceKey, pinned: Pinned): Promise<ReadResult> {
    const pin = pinned === 'latest' ? pinned : pinned.block.hash
    const name = `${balanceName(key)}/${pin}`
    const known = this.#underWay.get(name)
    if (known !== undefined) return known
    let gathered = this.#gathering.get(pin)
    if (gathered === undefined) {
      const waiting: Waiting[] = []
      this.#gathering.set(pin, waiting)
      setImmediate(() => {
        this.#gathering.delete(pin)
        void this.#send(waiting, pinned)
      })
      gathered = waiting
    }
    let resolve: (result: ReadResult) => void = () => undefined
    const promise = new Promise<ReadResult>((done) => {
      resolve = done
    }).finally(() => this.#underWay.delete(name))
    this.#underWay.set(name, promise)
    gathered.push({ key, resolve })
    return promise
  }

  async #send(waiting: readonly Waiting[], pinned: Pinned): Promise<void> {
    try {
      const keys = waiting.map(({ key }) => key)
      const at = pinned === 'latest' ? pinned : pinned.block
      const { block, observedAt, reads } = await this.#inTime((signal) =>
        this.#adapter.readBalances({ keys, at }, signal),
      )
      const knownAt = pinned === 'latest' ? observedAt : Math.min(observedAt, pinned.knownAt)
      const results = keys.map((key, index) => toResult({ key, read: reads[index], block, observedAt: knownAt }))
      for (const [index, key] of keys.entries()) {
        const read = reads[index]
        if (read?.ok === false && read.reason === 'not_a_token') this.#onAbsent?.(key, block)
      }
      await this.#keep(results.filter(isObservation))
      for (const [index, { resolve }] of waiting.entries()) resolve(results[index] ?? unknown('node_unavailable'))
    } catch (error) {
      const isElsewhere = pinned !== 'latest' && isServiceError(error, 'NODE_BEHIND')
      for (const { resolve } of waiting) resolve(unknown(isElsewhere ? 'no_archive' : 'node_unavailable'))
    }
  }

  /** Stores reads for later answers. If the store cannot be written, the reads still answer. */
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
  if (!read.ok) return { ...unknown(read.reason), at: block }
  return { ...key, amount: read.amount, block: { number: block.number, hash: block.hash }, observedAt }
}
