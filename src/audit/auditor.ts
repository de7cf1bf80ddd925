import { setTimeout as sleep } from 'node:timers/promises'
import type { BalanceKey } from '../core/balance.ts'
import { type BlockRef, type Header, sameBlock } from '../core/block.ts'
import { COMPARED_STANDARDS } from '../core/standards.ts'
import type { Batch } from '../core/transfer.ts'
import type { Adopted } from '../indexer/adopt-observations.ts'
import type { AuditFeed } from '../indexer/indexer-options.ts'
import { WALKED, type Walk, type WalkPage } from '../store/seam/audits.ts'
import type { DoubtWork, Refutation } from '../store/seam/doubts.ts'
import { noAuditCounts } from './audit-counts.ts'
import { Comparer } from './comparer.ts'
import { Conclusions } from './conclude.ts'
import { ContractLives } from './contract-lives.ts'
import { CoolDowns } from './cool-downs.ts'
import { FailingTokens } from './failing-tokens.ts'
import { Investigations } from './investigations.ts'
import { Investigator, type InvestigatorDeps } from './investigator.ts'
import { LogRechecks } from './log-rechecks.ts'
import { RecentlyChanged } from './recently-changed.ts'
import { DoubtResolver } from './resolve-doubts.ts'
import { isSameWork } from './same-work.ts'
import { StateWindow } from './state-window.ts'
import { HEAD_WALKS, PAUSED_WALKS, WALK_LIMITS } from './walk-limits.ts'

/** Most investigations in one round. The others wait for later rounds. */
const MAX_INVESTIGATIONS = 3
/** The same limit while blocks are fetched again, which resolves most differences by itself. */
const MAX_INVESTIGATIONS_REFETCHING = 1
/** Pause between two rounds at an unchanged head while not all balances are compared yet, in milliseconds. */
const WALK_PAUSE_MS = 1_000
/**
 * For this long after the first round starts, the walk over all balances runs without pauses, in milliseconds. Readers
 * of a new chain may wait this long for the first comparison. It is enough to compare all of about ten thousand
 * balances.
 */
const FIRST_LOOK_MS = 30_000
/** Pauses at an unchanged head while no doubt is resolved: they double from `first` to `last`, in milliseconds. */
const DOUBT_PAUSE_MS = { first: 2_000, last: 60_000 }

/** What an audit of one chain needs. */
export type AuditorOptions = Omit<InvestigatorDeps, 'window'> & {
  readonly log: (level: 'info' | 'warn' | 'error', message: string, fields: Readonly<Record<string, unknown>>) => void
  /** Unix seconds. */
  readonly time: () => number
}

/**
 * Compares the journal with the chain at the same block, at each new head: recently changed balances, random holders
 * and supplies. Also reads the amounts that the journal cannot know. It runs beside the indexer, which reports new
 * blocks to it and never waits for it. A difference puts the balance in doubt at once and is investigated: missing logs
 * are repaired; if the logs are complete and do not explain the difference, the token is reclassified to `reads`. At an
 * unchanged head, the audit continues until nothing is in doubt and all balances were compared once.
 */
export class Auditor implements AuditFeed {
  readonly #options: AuditorOptions
  readonly #window: StateWindow
  readonly #comparer: Comparer
  readonly #conclusions: Conclusions
  readonly #resolver: DoubtResolver
  readonly #lives: ContractLives
  readonly #rechecks: LogRechecks
  readonly #changed = new RecentlyChanged()
  readonly #counts = noAuditCounts()
  readonly #coolDowns = new CoolDowns()
  readonly #failing = new FailingTokens((count) => {
    this.#counts.audit_unchecked += count
  })
  readonly #investigations = new Investigations((asset) => this.#coolDowns.isCoolingDown(asset))
  #head: Header | undefined
  #audited: BlockRef | undefined
  /** What is in doubt, as of the last round; undefined before the first. */
  #work: DoubtWork | undefined
  /** More work can be done at the same head. */
  #more = false
  /** All balances were compared once, by this process or an earlier one. Cleared once all blocks were fetched again. */
  #isWalked = false
  #fruitless = 0
  /** Start of the first round, in monotonic milliseconds. */
  #begunAt: number | undefined
  /** The last round: its end in Unix seconds, the number of consecutive failed rounds, and its error. */
  #last: { readonly at: number; readonly failures: number; readonly error: string | undefined } | undefined
  #wake: () => void = () => undefined

  constructor(options: AuditorOptions) {
    this.#options = options
    this.#window = new StateWindow(options.adapter, options.coverage.from)
    const deps = { ...options, window: this.#window, investigations: this.#investigations, counts: this.#counts }
    const investigator = new Investigator(deps)
    this.#lives = new ContractLives(deps)
    this.#rechecks = new LogRechecks(deps)
    this.#comparer = new Comparer({ ...deps, investigator })
    this.#conclusions = new Conclusions({ ...deps, investigator, coolDowns: this.#coolDowns })
    this.#resolver = new DoubtResolver({ ...deps, investigator, comparer: this.#comparer, failing: this.#failing })
  }

  committed(batch: Batch, hinted: readonly BalanceKey[]): void {
    // Batches without headers are old blocks of the backfill, thousands at a time. Nodes have mostly dropped the state
    // of these blocks. The walk over holders compares their accounts later.
    if (batch.headers.length === 0) return
    this.#changed.add(batch.blocks, hinted)
  }

  reached(head: Header): void {
    this.#head = head
    if (this.isDue) this.#wake()
  }

  adopted(adopted: readonly Adopted[]): void {
    this.#comparer.adopted(adopted)
    if (this.#investigations.size === 0) return
    this.#more = true
    this.#wake()
  }

  /** Compares balances in the next round, which starts at once: such as one whose contract a caller found without code. */
  compare(keys: readonly BalanceKey[]): void {
    this.#changed.add([], keys)
    this.#more = true
    this.#wake()
  }

  /**
   * Puts a balance or supply in doubt, after another component found that the chain contradicts the journal.
   * @throws STORE_UNAVAILABLE
   */
  async refuted(refutation: Refutation): Promise<void> {
    await this.#options.journal.doubts.refute([refutation])
    this.#more = true
    this.#wake()
  }

  counts(): Readonly<Record<string, number>> {
    const { depth } = this.#window
    return {
      ...this.#counts,
      ...(this.#audited === undefined ? {} : { audited_block: this.#audited.number }),
      ...(this.#last === undefined ? {} : { audit_round_at: this.#last.at, audit_failures: this.#last.failures }),
      ...(depth === undefined || depth === Number.POSITIVE_INFINITY ? {} : { state_blocks: depth }),
    }
  }

  error(): string | undefined {
    return this.#last?.error
  }

  /** True if the head is not audited yet, or more work can be done at it. */
  get isDue(): boolean {
    return this.#head !== undefined && (this.#more || this.#isNewHead)
  }

  get #isNewHead(): boolean {
    const head = this.#head
    return head !== undefined && (this.#audited === undefined || !sameBlock(this.#audited, head))
  }

  /** Resolves once a round is due, or the signal fires. */
  async due(signal: AbortSignal): Promise<void> {
    if (this.isDue || signal.aborted) return
    const waiting = new AbortController()
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve
      signal.addEventListener('abort', () => resolve(), { once: true, signal: waiting.signal })
    })
    const pauseMs = this.#pauseMs()
    const timer = pauseMs === undefined ? [] : [sleep(pauseMs, undefined, { signal: waiting.signal })]
    await Promise.race([woken, ...timer])
    waiting.abort()
    await Promise.allSettled(timer)
  }

  /**
   * Audits the newest head, or continues at an audited one. Every part runs, even if another part fails.
   * @throws the first error of a part; the next round starts over
   */
  async round(signal: AbortSignal): Promise<void> {
    const head = this.#head
    if (head === undefined) return
    this.#counts.audit_rounds++
    this.#begunAt ??= this.#options.now()
    this.#coolDowns.nextRound()
    this.#failing.nextRound()
    const before = await this.#takeWork()
    const [errors, adopted] = [[] as unknown[], this.#counts.audit_adopted]
    const part = async (work: () => Promise<void>): Promise<void> => {
      try {
        await work()
      } catch (error) {
        if (signal.aborted) throw error
        errors.push(error)
      }
    }
    const isNew = this.#isNewHead
    await part(() => this.#compare({ work: before, head, isNew }, signal))
    if (isNew) await part(() => this.#lives.revisit(head, signal))
    if (isNew) await part(() => this.#rechecks.look(head, signal))
    await part(() => this.#resolver.compare(head, signal))
    const limit = before.refetching === undefined ? MAX_INVESTIGATIONS : MAX_INVESTIGATIONS_REFETCHING
    const isShort = before.refetching !== undefined || before.rechecking
    await part(() => this.#conclusions.investigate({ limit, isShort }, signal))
    await part(async () => this.#resolver.refetch(await this.#takeWork(), signal))
    if (before.unlooked && this.#options.now() - this.#begunAt >= FIRST_LOOK_MS) {
      await part(() => this.#options.journal.doubts.looked('some'))
    }
    const after = await this.#takeWork()
    const moves = !isSameWork(before, after)
    this.#counts.audit_settled += Math.max(0, before.pairs - after.pairs)
    this.#fruitless = moves ? 0 : this.#fruitless + 1
    if (errors.length > 0) throw errors[0]
    this.#audited = head
    // Audit the same head again only while that makes progress. Tokens that never answer wait for the next head.
    const isFirstLook = !this.#isWalked && this.#options.now() - this.#begunAt < FIRST_LOOK_MS
    this.#more =
      this.#counts.audit_adopted > adopted || this.#investigations.size > 0 || moves || after.rechecking || isFirstLook
  }

  /** Records the end of a round. `error`: undefined if the round succeeded. */
  ended(error: unknown): void {
    const failures = error === undefined ? 0 : (this.#last?.failures ?? 0) + 1
    const message = error === undefined ? undefined : error instanceof Error ? error.message : String(error)
    if (error !== undefined) this.#counts.audit_errors++
    this.#last = { at: this.#options.time(), failures, error: message }
  }

  /** Takes the next page of each walk, and compares the balances of these pages and of new blocks. */
  async #compare(
    { work, head, isNew }: { readonly work: DoubtWork; readonly head: Header; readonly isNew: boolean },
    signal: AbortSignal,
  ): Promise<void> {
    const changed = this.#changed.take()
    const isWalking = !this.#isWalked || work.rechecking
    const names: readonly Walk[] = [...(isNew ? HEAD_WALKS : PAUSED_WALKS), ...(isWalking ? (['all'] as const) : [])]
    const pages = new Map<Walk, WalkPage>()
    for (const walk of names) pages.set(walk, await this.#options.journal.audits.next(walk, WALK_LIMITS[walk]))
    const of = (walk: Walk): readonly BalanceKey[] => pages.get(walk)?.keys ?? []
    this.#rechecks.note(of('rereads').map(({ asset }) => asset))
    const keys = [...changed, ...names.flatMap(of)]
    const compare = async (some: readonly BalanceKey[]): Promise<void> => {
      const { answers } = await this.#comparer.balances(some, head, signal)
      await this.#lives.look({ keys: some, answers }, head, signal)
    }
    const failure = await this.#failing.run(keys, compare, signal)
    for (const [walk, { cursor }] of pages) {
      // Advance the cursors even on failure, or one bad token blocks every round. Only the walk over all balances stays
      // if every comparison failed: it never returns to what it has passed.
      if (walk !== 'all' || failure === undefined) await this.#options.journal.audits.reached(walk, cursor)
    }
    if (failure !== undefined) throw failure
    await this.#comparer.recall(of('doubts'), head)
    const supplied = [...changed, ...of('holders'), ...of('all')]
    const unsupplied = await this.#failing.run(supplied, (some) => this.#compareSupplies(some, signal), signal)
    if (unsupplied !== undefined) throw unsupplied
    if (isNew) await this.#comparer.supplies(this.#followed(), signal)
    if (pages.get('all')?.cursor !== WALKED) return
    // Mark the walk complete only after the supplies. An account with all its logs missing has no position, so only its
    // token's supply reveals it.
    this.#isWalked = true
    if (work.rechecking || work.unlooked) await this.#options.journal.doubts.looked('all')
  }

  async #compareSupplies(keys: readonly BalanceKey[], signal: AbortSignal): Promise<void> {
    await this.#comparer.supplies(
      keys.map(({ asset }) => asset),
      signal,
    )
  }

  /**
   * The tokens that the configuration follows. Compare even those without a stored transfer: all their logs may be
   * missing.
   */
  #followed() {
    const { scope } = this.#options.coverage
    const tokens = scope.type === 'tokens' ? scope.tokens : []
    return tokens.flatMap((reference) => COMPARED_STANDARDS.map((standard) => ({ standard, reference })))
  }

  /** Reads what is in doubt. The first call passes the proofs of earlier processes to the adapter. */
  async #takeWork(): Promise<DoubtWork> {
    const { adapter, coverage, journal } = this.#options
    const work = await journal.doubts.state()
    if (this.#work === undefined) {
      for (const block of work.proofs) adapter.distrustLogs({ block, scope: coverage.scope })
    }
    if (work.rechecking && this.#work?.rechecking === false) this.#isWalked = false
    this.#work = work
    return work
  }

  /** The pause before a round at an unchanged head; undefined if there is nothing left to do. */
  #pauseMs(): number | undefined {
    if (this.#head === undefined || this.#work === undefined) return undefined
    const { first, last } = DOUBT_PAUSE_MS
    if (!this.#isWalked) return WALK_PAUSE_MS
    const { pairs, tokens, refetching } = this.#work
    if (pairs + tokens === 0 && refetching === undefined) return undefined
    return Math.min(last, first * 2 ** Math.min(this.#fruitless, 16))
  }
}
