/** Part of the composition root: the state of a configured chain, whether or not its store can be read. */

import type { ServedChain } from '../api/http/deps.ts'
import type { KindDefinition } from '../chains/adapter.ts'
import type { ChainConfig } from '../config/chains.ts'
import { assert } from '../core/assert.ts'
import type { AssetRef } from '../core/asset.ts'
import type { BalanceKey } from '../core/balance.ts'
import { ServiceError } from '../core/errors.ts'
import { isFungible, TOKEN_STANDARDS } from '../core/standards.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { ChainClock } from '../store/seam/chain-clock.ts'
import { unwrittenClock } from '../store/seam/unwritten-clock.ts'
import type { OpenChain } from './open-chain.ts'
import type { IndexerHandle, IndexerStatus, Stopped } from './start-indexer.ts'

/** How many stored positions are searched for one that the documentation can name. */
const POSITIONS_LOOKED_AT = 200

/**
 * A configured chain. Damage to its files, found at the start or later, stops only this chain. Its calls then fail with
 * that error, and `/health` reports the last known state.
 */
export class RunningChain {
  readonly config: ChainConfig
  readonly kind: KindDefinition
  #open: OpenChain | undefined
  #indexer: IndexerHandle | undefined
  #failure: ServiceError | undefined
  #lastClock: ChainClock
  readonly #onFailure: (error: ServiceError) => void

  /** `onFailure` is called once, with the error that stops the chain. */
  constructor(deps: {
    readonly config: ChainConfig
    readonly kind: KindDefinition
    readonly onFailure: (error: ServiceError) => void
  }) {
    this.config = deps.config
    this.kind = deps.kind
    this.#onFailure = deps.onFailure
    this.#lastClock = unwrittenClock(deps.kind.accountCodec.zeroAddress)
  }

  /** The open chain. @throws STORE_DAMAGED, STORE_REPLACED, STORE_MISMATCH the chain is stopped */
  use(): OpenChain {
    if (this.#open !== undefined && this.#failure === undefined) return this.#open
    throw this.#failure ?? new ServiceError('UNAVAILABLE', 'The chain is not open yet')
  }

  /** The chain as opened, stopped or not; undefined if it could not be opened. */
  get opened(): OpenChain | undefined {
    return this.#open
  }

  /** Sets the open chain, at the start or after the reason that prevented it has passed. */
  setOpen(open: OpenChain): void {
    this.#open = open
    this.#failure = undefined
  }

  /** Why the chain is stopped; undefined if it is not. */
  get failure(): ServiceError | undefined {
    return this.#failure
  }

  /** Asks the audit to compare a balance soon, if the chain is indexed here. */
  compare(key: BalanceKey): void {
    this.#indexer?.compare(key)
  }

  setIndexer(indexer: IndexerHandle): void {
    this.#indexer = indexer
  }

  /**
   * Stops the chain. It is not served until the process starts again, or until `setOpen`: a start on a full disk calls it
   * later.
   */
  fail(error: ServiceError): void {
    if (this.#failure !== undefined) return
    this.#failure = error
    void this.#indexer?.stop()
    this.#onFailure(error)
  }

  /** The indexer ended by itself. If its store failed, nothing can be read either. */
  indexerStopped({ code, error }: Stopped): void {
    if (code === 'STORE_DAMAGED' || code === 'STORE_REPLACED') this.fail(new ServiceError(code, error))
  }

  async stop(): Promise<void> {
    await Promise.all([this.#indexer?.stop(), this.#open?.ledger?.stop()])
  }

  /** The ledger that is written here. If the chain is stopped, calls fail with its error. */
  ledger(): Ledger {
    const of = (): Ledger => {
      const { ledger } = this.use()
      assert(ledger !== undefined, 'only a chain that is written here has a ledger')
      return ledger.ledger
    }
    return {
      submit: async (request) => of().submit(request),
      hasWallet: async (wallet) => of().hasWallet(wallet),
      asset: async (assetId) => of().asset(assetId),
      assets: async (query) => of().assets(query),
      operations: async (query) => of().operations(query),
    }
  }

  /** The view for the server. It never throws: if the store cannot be read, it reports the last known state. */
  served(): ServedChain {
    return {
      id: this.config.id,
      kind: this.kind.kind,
      parseAddress: this.kind.parseAddress,
      parseToken: this.kind.parseToken,
      parseHash: this.kind.source === 'nodes' ? this.kind.parseHash : undefined,
      zeroAddress: this.kind.accountCodec.zeroAddress,
      nativeAsset: this.kind.source === 'nodes' ? this.kind.nativeAsset : undefined,
      pollMs: this.kind.source === 'nodes' ? (this.config.pollMs ?? this.kind.pollMs) : undefined,
      clock: () => this.clock(),
      wait: () => this.#indexer?.status().wait,
      nodeWarnings: () => this.#indexer?.status().nodeWarnings ?? [],
      position: () => this.#position(),
    }
  }

  /**
   * The first of a few stored positions that holds a fungible token. Never throws: it serves only the documentation.
   */
  async #position(): Promise<{ readonly account: string; readonly asset: AssetRef } | undefined> {
    try {
      const { reads } = this.use()
      const { published } = await reads.clock()
      if (published === undefined) return undefined
      const { rows } = await reads.walk({ after: { share: 0 }, at: published, limit: POSITIONS_LOOKED_AT })
      return rows.find(
        ({ amount, asset, inDoubt }) =>
          (amount ?? 0n) > 0n && !inDoubt && TOKEN_STANDARDS.includes(asset.standard) && isFungible(asset.standard),
      )
    } catch {
      return undefined
    }
  }

  /** How far the chain is: the stored clock with the newer state from its indexer. Never throws. */
  async clock(): Promise<ChainClock> {
    const clock = withBeat(await this.#storedClock(), this.#indexer?.status().beat)
    const ledger = this.#open?.ledger?.trouble()
    const ended = ledger?.forGood === true ? ledger.error : this.#indexer?.status().stopped?.error
    const stopped = this.#failure?.message ?? ended
    if (stopped !== undefined) return { ...clock, state: 'stopped', error: stopped }
    return ledger === undefined ? clock : { ...clock, error: ledger.error }
  }

  async #storedClock(): Promise<ChainClock> {
    if (this.#open === undefined || this.#failure !== undefined) return this.#lastClock
    try {
      this.#lastClock = await this.#open.reads.clock()
      return this.#lastClock
    } catch (error) {
      return { ...this.#lastClock, error: error instanceof Error ? error.message : String(error) }
    }
  }
}

/** The indexer's last beat may be newer than the stored one, because the store may not be writable. */
function withBeat(clock: ChainClock, beat: IndexerStatus['beat']): ChainClock {
  if (beat === undefined || beat.at < (clock.beatAt ?? 0)) return clock
  const { state, counts, error, auditError, head = clock.head } = beat
  return { ...clock, state, counts, head, error, auditError, beatAt: beat.at }
}
