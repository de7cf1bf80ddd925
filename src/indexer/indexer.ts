import { assert } from '../core/assert.ts'
import type { BalanceKey } from '../core/balance.ts'
import { type BlockRef, type Header, type Heads, sameBlock } from '../core/block.ts'
import type { Batch } from '../core/transfer.ts'
import type { ChainState, Heartbeat } from '../store/seam/heartbeat.ts'
import { AccountFollower } from './account-follower.ts'
import { adoptObservations } from './adopt-observations.ts'
import { backfill, type Fetched } from './backfill.ts'
import { bulkBackfill, countsOf } from './bulk-backfill.ts'
import { findAncestor } from './find-ancestor.ts'
import { HeldChain } from './held-chain.ts'
import type { IndexerOptions, LoadProgress } from './indexer-options.ts'
import { type BlockRange, farBehind, nextStep, type Plan } from './next-step.ts'
import { startSize } from './range-size.ts'
import { Shortening } from './shortening.ts'

/**
 * Shortest time in a backfill before it is interrupted to follow accounts, in milliseconds: its open requests are lost
 * then.
 */
const FOLLOW_PAUSE_MS = 30_000

/** What to do after a step: continue at once, or wait for the chain to move. */
export type StepResult = 'more' | 'idle'

/** Follows one chain into its journal: backfill below the finalized head, then block by block, with rollbacks on reorgs. */
export class Indexer {
  readonly #options: IndexerOptions
  readonly #follower: AccountFollower | undefined
  readonly #held: HeldChain
  #state: ChainState = 'starting'
  #polled: { readonly head: Header; readonly at: number } | undefined
  #error: string | undefined
  #transfers = 0
  #rollbacks = 0
  /** The block that a node had instead of ours at the last conflict. In a second poll it confirms the reorg. */
  #conflict: BlockRef | undefined
  #conflicts = 0
  /** How far a backfill is, as last reported. */
  #load: LoadProgress | undefined
  readonly #shortening = new Shortening()
  /** This step found a conflict that only another poll can decide. */
  #undecided = false

  constructor(options: IndexerOptions) {
    this.#options = options
    this.#held = new HeldChain(options.journal)
    const { wanted, journal, audit } = options
    const onTouched = (touched: readonly BalanceKey[]): void => audit?.compare(touched)
    if (wanted !== undefined && journal.coverage.scope.type === 'accounts') {
      this.#follower = new AccountFollower({ ...options, wanted, onTouched })
    }
  }

  /**
   * Polls the node once, and processes the result.
   * @throws ServiceError if node or store failed; the next step starts from what is committed
   */
  async step(signal: AbortSignal): Promise<StepResult> {
    const { adapter, journal } = this.#options
    this.#undecided = false
    this.#load = undefined
    try {
      const heads = await adapter.heads(signal)
      this.#polled = { head: heads.latest, at: this.#options.time() }
      const held = await this.#held.load()
      if (held.written === undefined) await this.#follower?.step(held, signal)
      const next = nextStep(held, heads, journal.coverage.from)
      this.#error = undefined
      if (next.do === 'backfill') await this.#backfill(next, heads.latest, signal)
      else if (next.do === 'follow') await this.#follow(next, heads, signal)
      else if (next.do === 'resolve') await this.#resolve({ number: next.number, hash: heads.latest.hash }, signal)
      else if (next.do === 'wait') await this.#wait(next, heads, signal)
      else this.#state = 'live'
      if (next.do !== 'wait') this.#shortening.forget()
      // A backfill may take hours, in which the chain moves on.
      const more = (await this.#followAccounts(signal)) || next.do === 'backfill'
      await this.#finalize(heads)
      await this.#adoptObservations()
      await this.#beat()
      const { written } = await this.#held.load()
      if (written !== undefined && sameBlock(written, heads.latest)) this.#options.audit?.reached(written)
      if (written === undefined || this.#undecided) return 'idle'
      return more || written.number < heads.latest.number ? 'more' : 'idle'
    } catch (error) {
      this.#held.forget()
      throw error
    }
  }

  /** Publishes an error where readers can see it. */
  async fail(message: string, state: ChainState = this.#state): Promise<void> {
    this.#error = message
    this.#load = undefined
    this.#state = state
    // First in memory, since the store may be what failed.
    this.#options.onBeat?.(this.#heartbeat(undefined))
    await this.#beat()
  }

  async #backfill(range: BlockRange, head: Header, signal: AbortSignal): Promise<void> {
    const { adapter, journal, now, log, wholeRanges } = this.#options
    this.#state = 'backfill'
    // Ranges come without headers, so check once here that the first block follows ours.
    const [first] = await adapter.headers({ first: range.first, last: range.first }, signal)
    if (await this.#isResolved(first, signal)) return
    if (await this.#isBulkLoaded({ ...range, head }, signal)) return
    log('info', 'backfill begins', range)
    await this.#beat()
    const wanted = { adapter, scope: journal.coverage.scope, ...range, start: startSize(range, wholeRanges) }
    const [before, began] = [this.#transfers, now()]
    const onAnswer = ({ block, transfers }: Fetched): void =>
      this.#report({ fetched: { block, transfers: before + transfers } })
    for await (const batch of backfill({ ...wanted, signal, now, onAnswer })) {
      await this.#append(batch)
      await journal.finalize(batch.through)
      this.#held.finalizedAt(batch.through)
      await this.#beat()
      // Only blocks tell how many transfers they have.
      if (await this.#isBulkLoaded({ ...range, first: batch.through.number + 1, head }, signal)) return
      // The open requests are for the accounts of now.
      if (now() - began >= FOLLOW_PAUSE_MS && (await this.#follower?.isDue()) === true) return
    }
    log('info', 'backfill ends', { last: range.last, transfers: this.#transfers })
  }

  /** Loads a range in bulk, if that is the way. */
  async #isBulkLoaded(range: BlockRange & { head: Header }, signal: AbortSignal): Promise<boolean> {
    const before = this.#transfers
    const isLoaded = await bulkBackfill(this.#options, {
      ...range,
      written: (await this.#held.load()).written,
      onBeat: () => this.#beat(),
      onProgress: (progress) => this.#report(progress),
      onPublished: async (transfers) => {
        this.#held.forget()
        this.#transfers = before + transfers
        await this.#adoptObservations()
        await this.#beat()
      },
      signal,
    })
    if (isLoaded) this.#held.forget()
    return isLoaded
  }

  /** Follows accounts, unless our blocks may be of a lost branch. True if there is more to do. */
  async #followAccounts(signal: AbortSignal): Promise<boolean> {
    if (this.#follower === undefined || this.#conflict !== undefined) return false
    return this.#follower.step(await this.#held.load(), signal)
  }

  async #follow(range: BlockRange, heads: Heads, signal: AbortSignal): Promise<void> {
    const { adapter, journal } = this.#options
    // Store the head before its blocks are fetched: from now on, our checkpoint is not the newest block.
    await this.#beat()
    const headers = await adapter.headers(range, signal)
    const through = headers.at(-1)
    assert(through !== undefined, 'an adapter gives every header of a range or throws')
    if (await this.#isResolved(headers[0], signal)) return
    const blocks = await adapter.transfersOf({ headers, scope: journal.coverage.scope }, signal)
    await this.#append({ first: range.first, through, blocks, headers })
    this.#conflict = undefined
    if (sameBlock(through, heads.latest)) this.#state = 'live'
  }

  /** True if the node's `next` block does not follow ours. Then the conflict was handled instead. */
  async #isResolved(next: Header | undefined, signal: AbortSignal): Promise<boolean> {
    assert(next !== undefined, 'an adapter gives every header of a range or throws')
    const { written } = await this.#held.load()
    if (written === undefined || next.parentHash === written.hash) return false
    await this.#resolve({ number: written.number, hash: next.parentHash }, signal)
    return true
  }

  /**
   * Handles a conflict: the node has another block than ours. If a second node agrees, or one node twice, it is a
   * reorg, and our blocks are rolled back.
   */
  async #resolve(theirs: BlockRef, signal: AbortSignal): Promise<void> {
    const { adapter, log } = this.#options
    await this.#beat()
    const { headers, finalized } = await this.#held.load()
    const ours = headers.find(({ number }) => number === theirs.number)
    assert(ours !== undefined, 'a conflict is about a block that we store')
    const before = this.#conflict
    if (before === undefined || !sameBlock(before, theirs)) {
      this.#conflicts++
      this.#conflict = theirs
      log('warn', 'a node has another block than ours', { block: theirs.number, theirs: theirs.hash, ours: ours.hash })
    }
    const answer = await adapter.confirm({ number: theirs.number, theirs: theirs.hash, ours: ours.hash }, signal)
    if (answer === 'refused') {
      log('info', 'no other node has that block: ours is kept', { block: theirs.number })
      this.#conflict = undefined
      this.#undecided = true
      return
    }
    if (answer === 'alone' && (before === undefined || !sameBlock(before, theirs))) {
      this.#undecided = true
      return
    }
    const ancestor = await findAncestor({ adapter, headers, finalized, from: theirs }, signal)
    log('warn', 'reorg: blocks were replaced', { ...(await this.#rollBack(ancestor)), from: theirs.number })
  }

  /** Handles a node that is behind us on our own chain. If no node has our newest block any more, the chain got shorter. */
  async #wait({ below, at }: Extract<Plan, { do: 'wait' }>, { latest }: Heads, signal: AbortSignal): Promise<void> {
    const { adapter, log, now } = this.#options
    if (below !== undefined) this.#error = farBehind(latest.number, below)
    else this.#state = 'live'
    const { written } = await this.#held.load()
    if (written === undefined || !this.#shortening.isLikely(at, now())) return
    const { number, hash } = written
    if ((await adapter.confirm({ number, theirs: undefined, ours: hash }, signal)) === 'refused') return
    log('warn', 'reorg: the chain got shorter', { ...(await this.#rollBack(at)), from: number })
  }

  /** Removes our blocks above a common ancestor. */
  async #rollBack(ancestor: BlockRef | undefined): Promise<{ readonly ancestor: number; readonly transfers: number }> {
    const { journal, observations } = this.#options
    this.#held.forget()
    // In this order, so that a crash between the two only loses reads.
    const last = ancestor?.number ?? journal.coverage.from - 1
    await observations.dropAbove(last)
    const { transfers } = await journal.rollback(ancestor)
    this.#conflict = undefined
    this.#rollbacks++
    return { ancestor: last, transfers }
  }

  async #append(batch: Batch): Promise<void> {
    const { transfers, hinted } = await this.#options.journal.append(batch)
    this.#held.appended(batch)
    this.#transfers += transfers
    this.#options.audit?.committed(batch, hinted)
    this.#report(this.#load, batch.through.number)
  }

  /** Adopts or compares observations whose blocks are committed by now. */
  async #adoptObservations(): Promise<void> {
    const { written } = await this.#held.load()
    if (written === undefined) return
    const adopted = await adoptObservations(this.#options, written.number)
    if (adopted.length > 0) this.#options.audit?.adopted(adopted)
  }

  /** Moves the finalized head, if we have the node's finalized block. */
  async #finalize({ finalized }: Heads): Promise<void> {
    const { headers, finalized: before } = await this.#held.load()
    if (finalized.number <= before) return
    const ours = headers.find((header) => header.number === finalized.number)
    if (ours === undefined || ours.hash !== finalized.hash) return
    await this.#options.journal.finalize(finalized)
    this.#held.finalizedAt(finalized)
  }

  async #beat(): Promise<void> {
    const { journal, onBeat } = this.#options
    const { written } = await this.#held.load()
    const beat = this.#heartbeat(written)
    onBeat?.(beat)
    await journal.heartbeat(beat)
    this.#report()
  }

  #heartbeat(written: Header | undefined): Heartbeat {
    const { adapter, counts, audit } = this.#options
    const { head, at = 0 } = this.#polled ?? {}
    const replacedAt = head && adapter.replacedAt(head)
    const caughtUp =
      written !== undefined && head !== undefined && sameBlock(written, head) && this.#error === undefined
    return {
      state: this.#state,
      head,
      // The node of this poll may lag behind a node that was polled before.
      caughtUpAt: caughtUp ? Math.min(at, replacedAt ?? Number.POSITIVE_INFINITY) : undefined,
      error: this.#error,
      auditError: audit?.error(),
      counts: { ...counts(), ...audit?.counts(), ...this.#follower?.counts(), ...this.#counts(replacedAt) },
    }
  }

  #counts(replacedAt: number | undefined): Readonly<Record<string, number>> {
    return {
      conflicts: this.#conflicts,
      rollbacks: this.#rollbacks,
      transfers: this.#transfers,
      ...countsOf(this.#load?.fetched),
      // Other threads may use nodes that lag behind the nodes of this thread.
      ...(replacedAt === undefined ? {} : { higher_named_at: replacedAt }),
    }
  }

  #report(load = this.#load, written = this.#held.written?.number): void {
    this.#load = load
    const told = { state: this.#state, written, head: this.#polled?.head.number, transfers: this.#transfers }
    this.#options.report({ ...told, ...this.#load })
  }
}
