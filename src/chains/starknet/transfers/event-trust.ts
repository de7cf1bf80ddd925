import type { AdapterCounts, AdapterOptions } from '../../adapter.ts'
import { NodeReports } from '../../nodes/node-reports.ts'
import type { SpecVersions } from '../heads/confirm-node.ts'
import type { SkipReason } from './decode-event.ts'

/** Events in one page of getEvents: the most that common nodes accept. A page is about 700 kB. */
export const FIRST_CHUNK = 1_000
/** After this many blocks in a row that were doubted for nothing, most doubts are ignored. */
const FALSE_ALARMS = 8
/** Then one doubtful answer in this many is checked. */
const DOUBT_INTERVAL = 8
/** After a proof that events were left out, this many blocks are read from their receipts: an hour of a live chain. */
const BLOCKS_BY_RECEIPTS = 1_000
/** One block in this many is compared with its receipts, if its header states no number of events. */
const BLOCKS_PER_SAMPLE = 256
/** Stands for all nodes; no label is empty. */
const ALL_NODES = ''

/** What we know of each node (by its label): what it accepts, and how far its events are trusted. */
export class EventTrust {
  readonly counts: AdapterCounts
  readonly versions: SpecVersions
  readonly reports: NodeReports
  /** From 0 to below 1. */
  readonly random: () => number
  /** Nodes that refuse a filter by keys. */
  readonly withoutKeys = new Set<string>()
  /** Nodes that left out events of a filter: only unfiltered events can be counted. */
  readonly withoutFilters = new Set<string>()
  readonly #warn: AdapterOptions['warn']
  readonly #chunks = new Map<string, number>()
  readonly #falseAlarms = new Map<string, number>()
  readonly #reportedSkips = new Set<SkipReason>()
  #doubts = 0
  readonly #untilSample = new Map<string, number>()
  /** How many blocks are still read from receipts, by label. */
  readonly #byReceipts = new Map<string, number>()

  /** `now` in milliseconds. */
  constructor(options: {
    readonly counts: AdapterCounts
    readonly versions: SpecVersions
    readonly warn: AdapterOptions['warn']
    readonly now: () => number
    readonly random: () => number
  }) {
    this.counts = options.counts
    this.versions = options.versions
    this.random = options.random
    this.#warn = options.warn
    this.reports = new NodeReports(options.warn, options.now)
  }

  /** Events in one page of a node. */
  chunkOf(label: string): number {
    return this.#chunks.get(label) ?? FIRST_CHUNK
  }

  /** Records that a node refused a page of this many events. Returns false if there is no smaller one. */
  halveChunk(label: string, tried: number): boolean {
    if (tried <= 1) return false
    this.#chunks.set(label, Math.min(this.chunkOf(label), Math.floor(tried / 2)))
    return true
  }

  /** True if the doubts about an answer are worth reading receipts. */
  shouldCheckDoubt(label: string): boolean {
    if ((this.#falseAlarms.get(label) ?? 0) < FALSE_ALARMS) return true
    return ++this.#doubts % DOUBT_INTERVAL === 0
  }

  /**
   * Records what the receipts of a block said: how many of its transfers the node's events lacked, and whether the events
   * were all (`isSame`).
   */
  noteReceipts(
    label: string,
    { block, missing, isSame }: { readonly block: number; readonly missing: number; readonly isSame: boolean },
  ): void {
    this.counts.receiptsSettled++
    if (isSame) {
      this.#falseAlarms.set(label, (this.#falseAlarms.get(label) ?? 0) + 1)
      return
    }
    this.#falseAlarms.delete(label)
    this.counts.omittedLogs += missing
    this.reports.report(label, 'node left out events: taken from receipts', { block, transfers: missing })
  }

  /**
   * Picks at most one of the blocks whose headers state no number of events, to compare it with its receipts: the first
   * time, and then once in so many blocks.
   */
  sampleOf<T>(label: string, uncounted: readonly T[]): readonly T[] {
    const left = (this.#untilSample.get(label) ?? 0) - uncounted.length
    const isDue = left < 0 && uncounted.length > 0
    this.#untilSample.set(label, isDue ? BLOCKS_PER_SAMPLE : left)
    const at = Math.floor(this.random() * uncounted.length)
    return isDue ? uncounted.slice(at, at + 1) : []
  }

  /** Records an event that was skipped. The first one for each reason is logged. */
  noteSkipped(reason: SkipReason, where: Readonly<Record<string, unknown>>): void {
    this.counts.skippedLogs++
    if (this.#reportedSkips.has(reason)) return
    this.#reportedSkips.add(reason)
    this.#warn('an event is no transfer: such events are skipped', { reason, ...where })
  }

  /** Reads the next blocks of a node from their receipts: its events lacked some. Without a label, of all nodes. */
  distrust(label = ALL_NODES): void {
    this.#byReceipts.set(label, BLOCKS_BY_RECEIPTS)
  }

  /** True if the node's blocks must be read from their receipts. */
  usesReceipts(label: string): boolean {
    return [label, ALL_NODES].some((key) => (this.#byReceipts.get(key) ?? 0) > 0)
  }

  /** Records how many blocks were read from their receipts. */
  noteByReceipts(label: string, blocks: number): void {
    for (const key of [label, ALL_NODES]) this.#byReceipts.set(key, (this.#byReceipts.get(key) ?? 0) - blocks)
  }
}
