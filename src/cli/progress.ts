import type { Logger, LogSink } from '../app/log.ts'
import type { Progress } from '../app/progress.ts'
import { cutToWidth, displayWidth } from './display-width.ts'
import type { Glyphs, Screen } from './screen.ts'
import { StatusLine } from './status-line.ts'

/** Time window of a rate, in milliseconds: long enough to be smooth, short enough to follow. */
const WINDOW_MS = 10_000
/** Pause between two draws of the bar, in milliseconds. */
export const DRAW_MS = 200
const LOG_MS = 5_000
/** Widest and narrowest bar, in columns. A narrower bar shows less than its percentage. */
const MAX_BAR_COLUMNS = 24
const MIN_BAR_COLUMNS = 8
/**
 * After this many milliseconds without progress, the line shows how long it has been waiting, so that it does not look
 * frozen.
 */
const QUIET_MS = 3_000

type Sample = { readonly at: number; readonly written: number; readonly transfers: number }

/** The speed of a chain over its last seconds. `secondsLeft` undefined: not known. */
export type Rate = {
  readonly transfersPerSecond: number
  readonly blocksPerSecond: number
  readonly secondsLeft: number | undefined
}

/** The rate between the first and the last sample; `head` is the target block. */
export function rateOf(samples: readonly Sample[], head: number): Rate {
  const first = samples[0]
  const last = samples.at(-1)
  const seconds = first === undefined || last === undefined ? 0 : (last.at - first.at) / 1000
  if (first === undefined || last === undefined || seconds <= 0) {
    return { transfersPerSecond: 0, blocksPerSecond: 0, secondsLeft: undefined }
  }
  const blocksPerSecond = (last.written - first.written) / seconds
  const left = Math.max(0, head - last.written)
  return {
    transfersPerSecond: Math.round((last.transfers - first.transfers) / seconds),
    blocksPerSecond: Math.round(blocksPerSecond),
    secondsLeft: blocksPerSecond > 0 ? Math.ceil(left / blocksPerSecond) : undefined,
  }
}

/**
 * How to draw a bar. `quietMs`: milliseconds since the last progress; `others`: how many more chains are in backfill.
 */
export type BarSpace = {
  readonly columns: number
  readonly glyphs: Glyphs
  readonly quietMs: number
  readonly others: number
}

/**
 * The bar of a chain in one line of at most `columns` columns. Leaves out the less important parts first: `eip155:1
 * ████▒▒░░░░ 58% block 1,160/2,000 · 31,000 transfers/s · 12 s left`. Half-filled is what was fetched and is not readable yet.
 */
export function renderBar(progress: Progress, rate: Rate, space: BarSpace): string {
  const { columns, glyphs, quietMs, others } = space
  const { first, head = first, written = first - 1 } = progress
  const at = positionOf(progress).block
  const shareOf = (block: number): number =>
    head < first ? 1 : Math.min(1, Math.max(0, (block - first + 1) / (head - first + 1)))
  const share = shareOf(at)
  const name = others === 0 ? progress.chain : `${progress.chain} (+${others})`
  const percent = `${Math.floor(share * 100)}%`.padStart(4)
  const block = `block ${number(Math.max(0, at))}/${number(head)}`
  const speed = `${number(rate.transfersPerSecond)} transfers/s`
  const readable = at > written && written >= first ? [`readable ${number(written)}`] : []
  const now = doingNow(progress, rate, quietMs)
  const tails = [[block, ...readable, speed, ...now], [block, speed, ...now], [block, ...now], now, []]
  for (const tail of tails) {
    const words = tail.length === 0 ? '' : ` ${tail.join(` ${glyphs.dot} `)}`
    const room = columns - displayWidth(`${name}  ${percent}${words}`)
    if (room < MIN_BAR_COLUMNS) continue
    const cells = Math.min(MAX_BAR_COLUMNS, room)
    const full = Math.floor(share * cells)
    // What is readable shows, however little it is.
    const solid = Math.min(full, Math.max(written < first ? 0 : 1, Math.floor(shareOf(written) * cells)))
    const bar = `${glyphs.full.repeat(solid)}${glyphs.half.repeat(full - solid)}${glyphs.empty.repeat(cells - full)}`
    return `${name} ${bar} ${percent}${words}`
  }
  return cutToWidth(`${name} ${percent.trim()}`, columns)
}

/** What the chain is doing, in words, if there is more to say than its position. */
function doingNow({ copied, isFetched }: Progress, { secondsLeft }: Rate, quietMs: number): readonly string[] {
  if (copied !== undefined) return [`copying ${number(copied)}`]
  if (isFetched === true) return ['building']
  if (quietMs >= QUIET_MS) return [`waiting ${duration(Math.floor(quietMs / 1000))}`]
  return secondsLeft === undefined ? [] : [`${duration(secondsLeft)} left`]
}

/** The last fetched block and the transfers up to it. Fetched blocks count before they are committed. */
function positionOf({ first, written = first - 1, transfers, fetched }: Progress): {
  readonly block: number
  readonly transfers: number
} {
  return fetched !== undefined && fetched.block > written ? fetched : { block: written, transfers }
}

/** `45 s`, `12 min`, `3 h 20 min`. */
export function duration(seconds: number): string {
  if (seconds < 100) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 100 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

function number(value: number): string {
  return value.toLocaleString('en-US')
}

type Watched = {
  progress: Progress
  readonly samples: Sample[]
  loggedAt: number
  newsAt: number
  live: boolean
}

/**
 * Shows the progress of backfills: a bar below the log on a terminal, else a log line every few seconds. Log through
 * its `sink`, so that log lines and bar do not mix, and call `tick` several times a second.
 */
export class ProgressDisplay {
  readonly #glyphs: Glyphs
  readonly #line: StatusLine
  readonly #now: () => number
  readonly #hasBar: boolean
  readonly #chains = new Map<string, Watched>()
  #drawnAt = Number.NEGATIVE_INFINITY
  #log: Logger | undefined

  /** `now` returns monotonic milliseconds. `hasBar` false: log lines even on a terminal. */
  constructor(screen: Screen, now: () => number, hasBar = screen.sink.terminal) {
    this.#hasBar = hasBar
    this.#glyphs = screen.glyphs
    this.#line = new StatusLine(screen)
    this.#now = now
  }

  /** Where the log writes. */
  get sink(): LogSink {
    return this.#line.sink
  }

  /** Sets the log for lines without a terminal, and for chains that caught up. */
  logTo(log: Logger): void {
    this.#log = log
  }

  /** Takes the progress of a chain. */
  update(progress: Progress): void {
    const at = this.#now()
    const fresh: Watched = { progress, samples: [], loggedAt: at, newsAt: at, live: false }
    const known = this.#chains.get(progress.chain) ?? fresh
    this.#chains.set(progress.chain, known)
    known.progress = progress
    const { block, transfers } = positionOf(progress)
    if (known.samples.at(-1)?.written !== block) known.newsAt = at
    known.samples.push({ at, written: block, transfers })
    while (known.samples.length > 2 && at - (known.samples[0]?.at ?? at) > WINDOW_MS) known.samples.shift()
    if (progress.state === 'live' && !known.live) {
      this.#line.clear()
      const stored = progress.stored ?? progress.transfers
      this.#log?.info({ chain: progress.chain, block: progress.written, transfers: stored }, 'caught up')
    }
    known.live = progress.state === 'live'
    if (this.#hasBar) this.tick()
    else if (progress.state === 'backfill' && at - known.loggedAt >= LOG_MS) {
      known.loggedAt = at
      const { blocksPerSecond, ...rate } = rateOf(known.samples, progress.head ?? progress.first)
      this.#log?.info({ chain: progress.chain, block: progress.written, head: progress.head, ...rate }, 'backfill')
    }
  }

  /** Redraws the bar if it is due, with or without progress. */
  tick(): void {
    if (!this.#hasBar) return
    const at = this.#now()
    const [busy, ...others] = [...this.#chains.values()].filter(({ progress }) => progress.state === 'backfill')
    if (busy === undefined) this.#line.clear()
    if (busy === undefined || at - this.#drawnAt < DRAW_MS) return
    this.#drawnAt = at
    const rate = rateOf(busy.samples, busy.progress.head ?? busy.progress.first)
    const space = { columns: this.#line.columns, glyphs: this.#glyphs, quietMs: at - busy.newsAt }
    this.#line.draw(renderBar(busy.progress, rate, { ...space, others: others.length }))
  }

  /** Removes the bar. */
  stop(): void {
    this.#chains.clear()
    this.#line.clear()
  }
}
