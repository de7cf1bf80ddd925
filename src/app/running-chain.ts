/** Part of the composition root: the state of a configured chain, whether or not its store can be read. */

import type { ChainWait, ServedChain } from '../api/http/deps.ts'
import type { KindDefinition } from '../chains/adapter.ts'
import type { ChainConfig } from '../config/chains.ts'
import { assert } from '../core/assert.ts'
import type { AssetRef } from '../core/asset.ts'
import type { BalanceKey } from '../core/balance.ts'
import { isServiceError, ServiceError } from '../core/errors.ts'
import { isFungible, TOKEN_STANDARDS } from '../core/standards.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { ChainClock } from '../store/seam/chain-clock.ts'
import { type IndexerReport, REPORT_STALE_MS } from '../store/seam/indexer-reports.ts'
import type { Store } from '../store/seam/store.ts'
import { unwrittenClock } from '../store/seam/unwritten-clock.ts'
import type { OpenChain } from './open-chain.ts'
import type { IndexerHandle } from './start-indexer.ts'

/** What helps if no indexer runs. */
const START_INDEXER = 'Start one: steelyard serve --role indexer'

/** How many stored positions are searched for one that the documentation can name. */
const POSITIONS_LOOKED_AT = 200

/** What a configured chain is made of. `onFailure` is called once, with the error that stops the chain. */
export type RunningChainDeps = {
  readonly config: ChainConfig
  readonly kind: KindDefinition
  /** Where the chain's indexer reports, in this process or in another. */
  readonly store: Pick<Store, 'reports' | 'comparisons'>
  /** The chain's indexer runs in this process, or will in a moment. */
  readonly runsIndexer: boolean
  readonly onFailure: (error: ServiceError) => void
}

/**
 * A configured chain. Damage to its files, found at the start or later, stops only this chain. Its calls then fail with
 * that error, and `/health` reports the last known state.
 */
export class RunningChain {
  readonly config: ChainConfig
  readonly kind: KindDefinition
  readonly #deps: RunningChainDeps
  #open: OpenChain | undefined
  #indexer: IndexerHandle | undefined
  #report: IndexerReport | undefined
  #failure: ServiceError | undefined
  #lastClock: ChainClock
  /** Why the stored clock could not be read when it was read last. */
  #unreadable: string | undefined
  readonly #openedAt = Date.now()

  constructor(deps: RunningChainDeps) {
    this.config = deps.config
    this.kind = deps.kind
    this.#deps = deps
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
    // The new reader knows no heads.
    this.#report = undefined
  }

  /** Why the chain is stopped; undefined if it is not. */
  get failure(): ServiceError | undefined {
    return this.#failure
  }

  /** Asks the audit to compare a balance soon, whichever process runs it. Never throws: the audit finds it later too. */
  compare(key: BalanceKey): void {
    this.#deps.store.comparisons.add(this.config.id, key).catch((error: unknown) => {
      if (!isServiceError(error)) throw error
    })
  }

  /** Sets the chain's indexer, if it runs in this process. */
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
    this.#deps.onFailure(error)
  }

  /**
   * Takes what the indexer reports. Answers of this process then do not look newer than what the indexer's nodes reported. If
   * the indexer's store failed, nothing can be read here either.
   */
  told(report: IndexerReport | undefined): void {
    if (report === undefined || report === this.#report) return
    // An earlier run's says nothing of the indexer that starts here: its files may have been damaged or reset since.
    if (this.#deps.runsIndexer && report.at < this.#openedAt) return
    const known = this.#report?.heads ?? []
    this.#report = report
    for (const head of report.hasEnded ? [] : report.heads) {
      const isNew = !known.some(({ number, hash }) => number === head.number && hash === head.hash)
      if (isNew) this.#open?.reader.noteHead(head, head.at)
    }
    // The report of an earlier run says nothing about the files of today.
    const { code, error } = report.at < this.#openedAt ? {} : (report.stopped ?? {})
    const isLost = code === 'STORE_DAMAGED' || code === 'STORE_REPLACED'
    if (isLost && error !== undefined) this.fail(new ServiceError(code, error))
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
      wait: () => this.#wait(),
      nodeWarnings: () => this.#report?.nodeWarnings ?? [],
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
    // A database that does not answer is waited for once.
    const [stored] = await Promise.all([this.#storedClock(), this.#look()])
    const beaten = withBeat(stored, this.#report?.beat)
    // The last report may be older than the failure.
    const clock = this.#unreadable === undefined ? beaten : { ...beaten, error: this.#unreadable }
    const ledger = this.#open?.ledger?.trouble()
    const indexer = this.#report?.hasEnded === true ? undefined : this.#report?.stopped
    const ended = ledger?.forGood === true ? ledger.error : indexer?.error
    const stopped = this.#failure?.message ?? ended
    if (stopped !== undefined) return { ...clock, state: 'stopped', error: stopped }
    return ledger === undefined ? clock : { ...clock, error: ledger.error }
  }

  /** Reads the newest report. If it cannot be read, the last one stays. */
  async #look(): Promise<void> {
    if (this.kind.source !== 'nodes') return
    try {
      this.told((await this.#deps.store.reports.all()).get(this.config.id))
    } catch (error) {
      if (!isServiceError(error)) throw error
    }
  }

  /** What the chain waits for: what its indexer says, or the indexer. */
  #wait(): ChainWait | undefined {
    if (this.kind.source !== 'nodes' || this.#failure !== undefined) return undefined
    const report = this.#report
    if (this.#deps.runsIndexer && report?.hasEnded !== false) return undefined
    if (report === undefined) return { for: `an indexer: none has run yet. ${START_INDEXER}`, since: this.#openedAt }
    if (isRecent(report) && !report.hasEnded) return report.wait
    // If the store cannot be read, newer reports cannot be either.
    if (this.#unreadable !== undefined) return undefined
    const what = report.hasEnded ? 'the last one has ended' : 'the last one does not report any more'
    return { for: `an indexer: ${what}. ${START_INDEXER}`, since: report.at }
  }

  /** The stored clock; the last one that could be read if it cannot be read now. */
  async #storedClock(): Promise<ChainClock> {
    if (this.#open === undefined || this.#failure !== undefined) return this.#lastClock
    try {
      this.#lastClock = await this.#open.reads.clock()
      this.#unreadable = undefined
    } catch (error) {
      this.#unreadable = error instanceof Error ? error.message : String(error)
    }
    return this.#lastClock
  }
}

/** The indexer's last beat may be newer than the stored one, because the store may not be writable. */
function withBeat(clock: ChainClock, beat: IndexerReport['beat']): ChainClock {
  if (beat === undefined || beat.at < (clock.beatAt ?? 0)) return clock
  const { state, counts, error, auditError, head = clock.head } = beat
  return { ...clock, state, counts, head, error, auditError, beatAt: beat.at }
}

/** False if its writer must be dead: a running one writes every second. */
function isRecent({ at }: IndexerReport): boolean {
  return Math.abs(Date.now() - at) <= REPORT_STALE_MS
}
