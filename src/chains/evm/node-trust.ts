import type { AdapterCounts, AdapterOptions, LogsProof } from '../adapter.ts'
import { type FilterKind, FilterKinds } from './transfers/filter-kinds.ts'
import { Refusals } from './words/refusals.ts'

/** Ranges for which a node that was caught leaving out logs is looked at closely: days of a live chain, an hour of backfill. */
const CLOSE_RANGES = 64
/** An operator is told once a minute of what one node goes on doing; the counters tell the rest. */
const TELL_PAUSE_MS = 60_000
/** After so many weak alarms in a row that came to nothing, few of the next are looked into. */
const FALSE_ALARMS = 8
/** Then one in so many. */
const WEAK_SAMPLE = 8
/** A non-empty block of one range in so many is compared with its receipts: what no bloom can tell. */
const RANGES_PER_COMPARISON = 16

/** Blocks near the head of which a kind of filter lacked logs, before it is not used again: an index may be late, not wrong. */
const MISSED_BEFORE_CAUGHT = 3

/** How closely a range's answer is looked at. */
export type Closeness = {
  /** Blocks without transfers of which the bloom is looked at. */
  readonly empties: number
  /** Of those that look suspicious, how many are settled by receipts. */
  readonly settled: number
  /** Blocks with transfers that are compared with their receipts. */
  readonly compared: number
}

/** Eight headers are one small request beside a range's; two blocks of receipts are as much as a range at most. */
const USUAL: Closeness = { empties: 8, settled: 2, compared: 0 }
/** The same two requests, of which the first is larger: a kind of filter that lies is caught before much is taken from it. */
const NEW: Closeness = { empties: 64, settled: 2, compared: 0 }
/** Ranges of a kind of filter that are new, per node: twice as many as a backfill asks at once. */
const FIRST_RANGES = 8
const COMPARING: Closeness = { ...USUAL, compared: 1 }
/** All of a range of a usual length, in about ten requests. */
const CLOSE: Closeness = { empties: 1_000, settled: 64, compared: 4 }

/**
 * What is remembered of each node (by its label): how far its logs are trusted, what it does not know how to do, and
 * what the operator was told of it.
 */
export class NodeWatch {
  readonly counts: AdapterCounts
  /** Of methods and parameters that a node refused, by `label what`. */
  readonly refusals: Refusals
  readonly random: () => number
  /** Kinds of filter that are not used again. */
  readonly ways: FilterKinds
  /** Nodes (by label) whose logs have no right index. */
  readonly misnumbering = new Set<string>()
  private readonly warn: AdapterOptions['warn']
  private readonly now: () => number
  private readonly closeRanges = new Map<string, number>()
  /** Ranges that were looked at, by node and kind of filter. */
  private readonly seen = new Map<string, number>()
  private readonly missed = new Map<string, number>()
  private readonly falseAlarms = new Map<string, number>()
  private readonly told = new Map<string, number>()
  /** Most logs that an answer of a node had and was whole: it does not cut below that. */
  private readonly wholeCounts = new Map<string, number>()
  private ranges = 0
  private times = 0
  private weak = 0

  /** `now` in milliseconds; `random` from 0 to below 1. */
  constructor(options: {
    counts: AdapterCounts
    warn: AdapterOptions['warn']
    now: () => number
    random: () => number
  }) {
    this.random = options.random
    this.counts = options.counts
    this.warn = options.warn
    this.now = options.now
    this.refusals = new Refusals(options.now)
    this.ways = new FilterKinds(this.refusals)
  }

  /** How closely to look at the next range of a node, which was asked by a kind of filter. */
  closeness(label: string, way: FilterKind | undefined): Closeness {
    const kind = `${label} ${way?.shape} ${way?.by}`
    const seen = this.seen.get(kind) ?? 0
    this.seen.set(kind, seen + 1)
    const left = this.closeRanges.get(label) ?? 0
    if (left > 0) {
      this.closeRanges.set(label, left - 1)
      return CLOSE
    }
    if (++this.ranges % RANGES_PER_COMPARISON === 0) return COMPARING
    return seen < FIRST_RANGES ? NEW : USUAL
  }

  /** True where what the logs of a range say of a block's time is held against a header of its own. */
  samplesTime(): boolean {
    return ++this.times % RANGES_PER_COMPARISON === 0
  }

  /** True where a weak alarm of a node is worth its receipts. */
  followsWeak(label: string): boolean {
    if ((this.falseAlarms.get(label) ?? 0) < FALSE_ALARMS) return true
    return ++this.weak % WEAK_SAMPLE === 0
  }

  /** An alarm came to nothing. */
  falseAlarm(label: string): void {
    this.falseAlarms.set(label, (this.falseAlarms.get(label) ?? 0) + 1)
  }

  /** A node left out so many transfers; they were had from receipts. */
  repaired(label: string, found: { readonly first: number; readonly last: number; readonly transfers: number }): void {
    this.counts.omittedLogs += found.transfers
    this.caught(label)
    this.tell(label, 'node left out logs: taken from receipts', found)
  }

  /** A node gave two logs of a block one index: what it says of places is taken from receipts from now on. */
  misnumbers(label: string): void {
    if (!this.misnumbering.has(label)) this.tell(label, 'node gives two logs of a block one index: counted by receipts')
    this.misnumbering.add(label)
  }

  /** From now on, and for a while, a node is looked at closely. */
  caught(label: string): void {
    this.closeRanges.set(label, CLOSE_RANGES)
    this.falseAlarms.delete(label)
  }

  /** As `ChainAdapter.distrustLogs`. */
  distrustLogs({ block, scope }: LogsProof): void {
    for (const { label, way } of this.ways.proven({ block, scope })) {
      this.tellCaught(label ?? 'all', { way, block: block.number })
    }
  }

  /** A node left out logs of a settled block where it was asked so: that kind of filter is not used again. */
  caughtAt(label: string, found: { readonly way: FilterKind; readonly block: number }): void {
    if (this.ways.caught(label, found.way)) this.tellCaught(label, found)
  }

  /** As `caughtAt`, of a block near the head, whose logs may only have been late: a few times are put up with. */
  missedAt(label: string, found: { readonly way: FilterKind; readonly block: number }): void {
    const key = `${label} ${found.way.shape} ${found.way.by}`
    const times = (this.missed.get(key) ?? 0) + 1
    this.missed.set(key, times)
    if (times >= MISSED_BEFORE_CAUGHT) this.caughtAt(label, found)
  }

  private tellCaught(label: string, { way, block }: { readonly way: FilterKind; readonly block: number }): void {
    const fields = { block, filter: way.shape, blocksBy: way.by }
    this.tell(label, 'node left out logs: this kind of filter is not used again', fields)
  }

  /** True where a node is known to answer with so many logs, or more, without cutting. */
  answersWhole(label: string, count: number): boolean {
    return count <= (this.wholeCounts.get(label) ?? 0)
  }

  /** An answer of so many logs was whole: nobody cuts at a number that is not round, or the halves had no more. */
  sawWhole(label: string, count: number): void {
    if (!this.answersWhole(label, count)) this.wholeCounts.set(label, count)
  }

  /** Tells the operator, about one thing of one node at most once a minute. */
  tell(label: string, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    const key = `${label} ${message}`
    const last = this.told.get(key)
    if (last !== undefined && this.now() - last < TELL_PAUSE_MS) return
    this.told.set(key, this.now())
    this.warn(message, { node: label, ...fields })
  }
}
