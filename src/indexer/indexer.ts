import type { ChainAdapter } from '../chains/adapter.ts'
import { assert } from '../core/assert.ts'
import type { BalanceKey } from '../core/balance.ts'
import { type BlockRef, type Header, type Heads, sameBlock } from '../core/block.ts'
import type { Coverage } from '../core/coverage.ts'
import { type ErrorCode, isServiceError } from '../core/errors.ts'
import type { Batch } from '../core/transfer.ts'
import type { ObservationStore } from '../store/seam/observations.ts'
import type { ChainState, Heartbeat, Journal } from '../store/seam/store.ts'
import { type Adopted, adoptObservations } from './adopt-observations.ts'
import { backfill, type Fetched } from './backfill.ts'
import { findAncestor } from './find-ancestor.ts'
import { type Held, plan } from './next-step.ts'
import { QUICK_RANGE_SIZE } from './range-size.ts'

/** What an indexer tells whoever watches it. Counters are since it started. */
export type IndexerReport = {
  readonly state: ChainState
  readonly written: number | undefined
  readonly head: number | undefined
  readonly transfers: number
  /** During a backfill: what has come, committed or not. */
  readonly fetched?: Fetched
}

export type IndexerOptions = {
  readonly adapter: ChainAdapter
  readonly journal: Journal
  readonly observations: ObservationStore
  readonly coverage: Coverage
  /** Who checks what is committed, beside the indexing. */
  readonly audit?: AuditFeed
  /** Monotonic milliseconds. */
  readonly now: () => number
  /** Unix seconds. */
  readonly time: () => number
  readonly log: (level: 'info' | 'warn' | 'error', message: string, fields: Readonly<Record<string, unknown>>) => void
  readonly report: (report: IndexerReport) => void
  /** Told of each heartbeat before it is stored, so that it is known where the store cannot be written. */
  readonly onBeat?: (beat: Heartbeat) => void
  /** The adapter's own counters, for metrics. */
  readonly counts: () => Readonly<Record<string, number>>
}

/** What an indexer hands to whoever audits it. None of it may take long: the indexer waits for it. */
export type AuditFeed = {
  /** Blocks were committed. `hinted`: balances that may have changed otherwise than by their transfers. */
  readonly committed: (batch: Batch, hinted: readonly BalanceKey[]) => void
  /** What is committed ends at the node's own head. */
  readonly reached: (head: Header) => void
  /** Reads that others had noted were held against the journal. */
  readonly adopted: (adopted: readonly Adopted[]) => void
  /** Counters for metrics and `/health`. */
  readonly counts: () => Readonly<Record<string, number>>
  /** Why the last round failed; undefined where it did not. */
  readonly error: () => string | undefined
}

/** What one step left to do: go on at once, or wait for the chain to move. */
export type StepResult = 'more' | 'idle'

/** Follows one chain into its journal: backfill below the finalized head, then block by block, undoing reorgs. */
export class Indexer {
  readonly #options: IndexerOptions
  #held: (Held & { readonly finalized: number }) | undefined
  #state: ChainState = 'starting'
  #head: Header | undefined
  #error: string | undefined
  #transfers = 0
  #rollbacks = 0
  /** The conflicting block of the last poll: a second poll that agrees makes it a reorg. */
  #conflict: BlockRef | undefined
  #conflicts = 0
  /** This step found a conflict that only another poll can settle. */
  #undecided = false

  constructor(options: IndexerOptions) {
    this.#options = options
  }

  /**
   * One poll of the node and what follows from it.
   * @throws ServiceError where node or store failed; the next step begins from what is committed
   */
  async step(signal: AbortSignal): Promise<StepResult> {
    const { adapter, coverage } = this.#options
    this.#undecided = false
    try {
      const heads = await adapter.heads(signal)
      this.#head = heads.latest
      const held = await this.#load()
      const next = plan(held, heads, coverage.from)
      this.#error = undefined
      if (next.do === 'backfill') await this.#backfill(next, signal)
      else if (next.do === 'follow') await this.#follow(next, heads, signal)
      else if (next.do === 'resolve') await this.#resolve({ number: next.number, hash: heads.latest.hash }, signal)
      else if (next.do === 'wait' && next.below !== undefined) this.#error = farBehind(heads.latest.number, next.below)
      else this.#state = 'live'
      await this.#finalize(heads)
      await this.#adoptObservations()
      await this.#beat()
      const { written } = await this.#load()
      if (written !== undefined && sameBlock(written, heads.latest)) this.#options.audit?.reached(written)
      return written === undefined || written.number >= heads.latest.number || this.#undecided ? 'idle' : 'more'
    } catch (error) {
      this.#held = undefined
      throw error
    }
  }

  /** Says what went wrong where readers can see it. */
  async fail(message: string, state: ChainState = this.#state): Promise<void> {
    this.#error = message
    this.#state = state
    // First in memory: the store may be what failed.
    this.#options.onBeat?.(this.#heartbeat(undefined))
    await this.#beat()
  }

  async #load(): Promise<Held & { readonly finalized: number }> {
    if (this.#held === undefined) {
      const state = await this.#options.journal.state()
      this.#held = { ...state, finalized: state.finalized?.number ?? -1 }
    }
    return this.#held
  }

  async #backfill(range: { first: number; last: number }, signal: AbortSignal): Promise<void> {
    const { adapter, coverage, now, log } = this.#options
    this.#state = 'backfill'
    // Ranges come without headers: that the first block follows ours is asked here, once.
    const [first] = await adapter.headers({ first: range.first, last: range.first }, signal)
    if (await this.#isResolved(first, signal)) return
    log('info', 'backfill begins', range)
    await this.#beat()
    const wanted = { adapter, scope: coverage.scope, ...range, start: QUICK_RANGE_SIZE }
    const before = this.#transfers
    const onAnswer = ({ block, transfers }: Fetched): void =>
      this.#report(this.#held?.written?.number, { block, transfers: before + transfers })
    for await (const batch of backfill({ ...wanted, signal, now, onAnswer })) {
      await this.#append(batch)
      await this.#options.journal.finalize(batch.through)
      await this.#beat()
    }
    log('info', 'backfill ends', { last: range.last, transfers: this.#transfers })
  }

  async #follow(range: { first: number; last: number }, heads: Heads, signal: AbortSignal): Promise<void> {
    const { adapter, coverage } = this.#options
    // Readers see that the chain has caught up by the head that is stored, as soon as its blocks are.
    if (this.#state !== 'live') await this.#beat()
    const headers = await adapter.headers(range, signal)
    const through = headers.at(-1)
    assert(through !== undefined, 'an adapter gives every header of a range or throws')
    if (await this.#isResolved(headers[0], signal)) return
    const blocks = await adapter.transfersOf({ headers, scope: coverage.scope }, signal)
    await this.#append({ first: range.first, through, blocks, headers })
    this.#conflict = undefined
    if (sameBlock(through, heads.latest)) this.#state = 'live'
  }

  /** True where the node's `next` block does not follow ours, in which case that was looked into instead. */
  async #isResolved(next: Header | undefined, signal: AbortSignal): Promise<boolean> {
    assert(next !== undefined, 'an adapter gives every header of a range or throws')
    const { written } = await this.#load()
    if (written === undefined || next.parentHash === written.hash) return false
    await this.#resolve({ number: written.number, hash: next.parentHash }, signal)
    return true
  }

  /** The node has another block than ours: agreed by a second node, or twice by one, it is a reorg, and ours goes. */
  async #resolve(theirs: BlockRef, signal: AbortSignal): Promise<void> {
    const { adapter, coverage, journal, observations, log } = this.#options
    const { headers, finalized } = await this.#load()
    const ours = headers.find(({ number }) => number === theirs.number)
    assert(ours !== undefined, 'a conflict is about a block that we hold')
    const before = this.#conflict
    if (before === undefined || !sameBlock(before, theirs)) {
      this.#conflicts++
      this.#conflict = theirs
      log('warn', 'a node has another block than ours', { block: theirs.number, theirs: theirs.hash, ours: ours.hash })
    }
    const answer = await adapter.confirm({ number: theirs.number, theirs: theirs.hash, ours: ours.hash }, signal)
    if (answer === 'refused') {
      log('info', 'no other node has that block: ours stays', { block: theirs.number })
      this.#conflict = undefined
      this.#undecided = true
      return
    }
    if (answer === 'alone' && (before === undefined || !sameBlock(before, theirs))) {
      this.#undecided = true
      return
    }
    const ancestor = await findAncestor({ adapter, headers, finalized, from: theirs }, signal)
    this.#held = undefined
    // In this order: what a crash between the two leaves behind are reads too few.
    const last = ancestor?.number ?? coverage.from - 1
    await observations.dropAbove(last)
    const { transfers } = await journal.rollback(ancestor)
    this.#conflict = undefined
    this.#rollbacks++
    log('warn', 'reorg: blocks were replaced', { ancestor: last, from: theirs.number, transfers })
  }

  async #append(batch: Batch): Promise<void> {
    this.#held = undefined
    const { transfers, hinted } = await this.#options.journal.append(batch)
    this.#transfers += transfers
    this.#options.audit?.committed(batch, hinted)
    this.#report(batch.through.number)
  }

  /** Adopts or compares what others read of blocks that are written by now. */
  async #adoptObservations(): Promise<void> {
    const { journal, observations, audit } = this.#options
    const { written } = await this.#load()
    if (written === undefined) return
    const adopted = await adoptObservations({ journal, observations, through: written.number })
    if (adopted.length > 0) audit?.adopted(adopted)
  }

  /** Moves the finalized head as far as we hold the node's own finalized block. */
  async #finalize({ finalized }: Heads): Promise<void> {
    const { headers, finalized: before } = await this.#load()
    if (finalized.number <= before) return
    const ours = headers.find((header) => header.number === finalized.number)
    if (ours === undefined || ours.hash !== finalized.hash) return
    await this.#options.journal.finalize(finalized)
    this.#held = undefined
  }

  async #beat(): Promise<void> {
    const { journal, onBeat } = this.#options
    const { written } = await this.#load()
    const beat = this.#heartbeat(written)
    onBeat?.(beat)
    await journal.heartbeat(beat)
    this.#report(written?.number)
  }

  #heartbeat(written: Header | undefined): Heartbeat {
    const { adapter, time, counts, audit } = this.#options
    const head = this.#head
    const higherSince = head && adapter.namedAbove(head.number)
    const caughtUp =
      written !== undefined && head !== undefined && sameBlock(written, head) && this.#error === undefined
    return {
      state: this.#state,
      head,
      // The node that is asked now may lag behind one that was asked before.
      caughtUpAt: caughtUp ? Math.min(time(), higherSince ?? Number.POSITIVE_INFINITY) : undefined,
      error: this.#error,
      auditError: audit?.error(),
      counts: { ...counts(), ...audit?.counts(), ...this.#counts(higherSince) },
    }
  }

  #counts(higherSince: number | undefined): Readonly<Record<string, number>> {
    return {
      conflicts: this.#conflicts,
      rollbacks: this.#rollbacks,
      transfers: this.#transfers,
      // The nodes of other threads may lag behind the ones that this thread asked.
      ...(higherSince === undefined ? {} : { higher_named_at: higherSince }),
    }
  }

  #report(written: number | undefined, fetched?: Fetched): void {
    const told = { state: this.#state, written, head: this.#head?.number, transfers: this.#transfers }
    this.#options.report(fetched === undefined ? told : { ...told, fetched })
  }
}

function farBehind(head: number, final: number): string {
  return `the node is at block ${head}, but block ${final} was final: it is far behind, or its chain began anew`
}

const FATAL: ReadonlySet<ErrorCode> = new Set([
  'CHAIN_MISMATCH',
  'REORG_TOO_DEEP',
  'STORE_MISMATCH',
  'STORE_DAMAGED',
  'STORE_REPLACED',
  'LEASE_LOST',
  'CONFIG_INVALID',
])

/** True for errors after which a chain can only be stopped: trying again would do harm or no good. */
export function isFatal(error: unknown): boolean {
  if (!isServiceError(error)) return true
  return FATAL.has(error.code)
}
