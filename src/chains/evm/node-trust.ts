import type { AdapterCounts, AdapterOptions, LogsProof } from '../adapter.ts'
import { CoolDowns } from '../nodes/cool-downs.ts'
import { NodeReports } from '../nodes/node-reports.ts'
import { UncutCounts } from '../nodes/truncation.ts'
import { type FilterKind, FilterKinds } from './transfers/filter-kinds.ts'

/**
 * After a node left out logs, this many of its ranges are sampled closely: days of a live chain, an hour of backfill.
 */
const CLOSE_RANGES = 64
/** After this many false alarms in a row, most weak suspicions are ignored. */
const FALSE_ALARMS = 8
/** Then one weak suspicion in this many is checked. */
const WEAK_CHECK_INTERVAL = 8
/**
 * In one range of this many, a block with transfers is compared with its receipts. A bloom cannot detect its missing
 * logs.
 */
const RANGES_PER_COMPARISON = 16

/**
 * A kind of filter may miss logs of this many blocks near the head before it is not used again: an index may be late,
 * not wrong.
 */
const MISSING_BEFORE_UNUSABLE = 3

/** How many blocks of a range's answer are checked. */
export type SampleSizes = {
  /** Blocks without transfers whose bloom is checked. */
  readonly emptyBlocks: number
  /** Suspicious blocks among them that are checked against their receipts. */
  readonly receipts: number
  /** Blocks with transfers that are compared with their receipts. */
  readonly fullBlocks: number
}

/**
 * Eight headers are one small request beside the range's request. Two blocks of receipts cost at most as much as the
 * range.
 */
const USUAL_SAMPLES: SampleSizes = { emptyBlocks: 8, receipts: 2, fullBlocks: 0 }
/**
 * The same two requests, the first one larger, so that a filter that omits logs is detected before much is read by it.
 */
const NEW_KIND_SAMPLES: SampleSizes = { emptyBlocks: 64, receipts: 2, fullBlocks: 0 }
/** The first ranges of a kind of filter on a node count as new: twice as many as a backfill requests at once. */
const FIRST_RANGES = 8
const COMPARISON_SAMPLES: SampleSizes = { ...USUAL_SAMPLES, fullBlocks: 1 }
/** Every block of a range of usual length, in about ten requests. */
const CLOSE_SAMPLES: SampleSizes = { emptyBlocks: 1_000, receipts: 64, fullBlocks: 4 }

/**
 * What we know of each node (by its label): how far its logs are trusted, what it does not support, and what was
 * reported about it.
 */
export class NodeTrust {
  readonly counts: AdapterCounts
  /** Cool-downs of methods and parameters that a node refused, by `label what`. */
  readonly coolDowns: CoolDowns
  readonly random: () => number
  /** The kinds of filter that are still in use. */
  readonly filterKinds: FilterKinds
  /** Nodes (by label) whose logs have wrong indexes. */
  readonly misnumbering = new Set<string>()
  /** The sizes of answers that nodes do not truncate. */
  readonly uncut = new UncutCounts()
  readonly #reports: NodeReports
  readonly #closeRanges = new Map<string, number>()
  /** Sampled ranges, by node and kind of filter. */
  readonly #sampledRanges = new Map<string, number>()
  readonly #missingCounts = new Map<string, number>()
  readonly #falseAlarmCounts = new Map<string, number>()
  #ranges = 0
  #times = 0
  #weakSuspicions = 0

  /** `now` in milliseconds; `random` from 0 to below 1. */
  constructor(options: {
    counts: AdapterCounts
    warn: AdapterOptions['warn']
    now: () => number
    random: () => number
  }) {
    this.random = options.random
    this.counts = options.counts
    this.#reports = new NodeReports(options.warn, options.now)
    this.coolDowns = new CoolDowns(options.now)
    this.filterKinds = new FilterKinds(this.coolDowns)
  }

  /** Returns how many blocks to check in a node's next range, which was requested with this kind of filter. */
  nextSampleSizes(label: string, kind: FilterKind | undefined): SampleSizes {
    const key = `${label} ${kind?.shape} ${kind?.by}`
    const seen = this.#sampledRanges.get(key) ?? 0
    this.#sampledRanges.set(key, seen + 1)
    const left = this.#closeRanges.get(label) ?? 0
    if (left > 0) {
      this.#closeRanges.set(label, left - 1)
      return CLOSE_SAMPLES
    }
    if (++this.#ranges % RANGES_PER_COMPARISON === 0) return COMPARISON_SAMPLES
    return seen < FIRST_RANGES ? NEW_KIND_SAMPLES : USUAL_SAMPLES
  }

  /** True if the block times in a range's logs are to be compared with a header. */
  shouldSampleTime(): boolean {
    return ++this.#times % RANGES_PER_COMPARISON === 0
  }

  /** True if a weak suspicion is worth reading receipts. */
  shouldCheckWeak(label: string): boolean {
    if ((this.#falseAlarmCounts.get(label) ?? 0) < FALSE_ALARMS) return true
    return ++this.#weakSuspicions % WEAK_CHECK_INTERVAL === 0
  }

  /** Records that receipts disproved a suspicion. */
  noteFalseAlarm(label: string): void {
    this.#falseAlarmCounts.set(label, (this.#falseAlarmCounts.get(label) ?? 0) + 1)
  }

  /** Records that a node left out transfers, which were read from receipts. */
  noteRepaired(
    label: string,
    found: { readonly first: number; readonly last: number; readonly transfers: number },
  ): void {
    this.counts.omittedLogs += found.transfers
    this.sampleClosely(label)
    this.report(label, 'node left out logs: taken from receipts', found)
  }

  /** Records that a node gave two logs of a block one index: from now on, its log indexes come from receipts. */
  noteMisnumbering(label: string): void {
    if (!this.misnumbering.has(label))
      this.report(label, 'node gives two logs of a block one index: indexes are taken from receipts')
    this.misnumbering.add(label)
  }

  /** Samples a node's next ranges closely. */
  sampleClosely(label: string): void {
    this.#closeRanges.set(label, CLOSE_RANGES)
    this.#falseAlarmCounts.delete(label)
  }

  /** As `ChainAdapter.distrustLogs`. */
  distrustLogs({ block, scope }: LogsProof): void {
    for (const { label, kind } of this.filterKinds.distrust({ block, scope })) {
      this.#reportUnusable(label ?? 'all', { kind, block: block.number })
    }
  }

  /** Stops using a kind of filter on a node: its logs of an old block were incomplete. */
  stopUsing(label: string, found: { readonly kind: FilterKind; readonly block: number }): void {
    if (this.filterKinds.markUnusable(label, found.kind)) this.#reportUnusable(label, found)
  }

  /** As `stopUsing`, for a block near the head, whose logs may only have been late. A few cases are tolerated. */
  noteMissingNearHead(label: string, found: { readonly kind: FilterKind; readonly block: number }): void {
    const key = `${label} ${found.kind.shape} ${found.kind.by}`
    const times = (this.#missingCounts.get(key) ?? 0) + 1
    this.#missingCounts.set(key, times)
    if (times >= MISSING_BEFORE_UNUSABLE) this.stopUsing(label, found)
  }

  #reportUnusable(label: string, { kind, block }: { readonly kind: FilterKind; readonly block: number }): void {
    const fields = { block, filter: kind.shape, blocksBy: kind.by }
    this.report(label, 'node left out logs: this kind of filter is not used again', fields)
  }

  /** Logs a warning, at most once a minute for one node and message. */
  report(label: string, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.#reports.report(label, message, fields)
  }
}
