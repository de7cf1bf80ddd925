import type { Logger, LogSink } from '../log.ts'
import type { Progress } from '../progress.ts'

/** How far back a rate looks, in milliseconds: long enough to be calm, short enough to follow. */
const WINDOW_MS = 10_000
/** Pause between two drawings of the bar, and between two log lines, in milliseconds. */
const DRAW_MS = 200
const LOG_MS = 5_000
const BAR_CHARACTERS = 24
const CLEAR_LINE = '\r\u001b[2K'

type Sample = { readonly at: number; readonly written: number; readonly transfers: number }

/** What a chain's last seconds were like. `secondsLeft` undefined: no telling. */
export type Rate = {
  readonly transfersPerSecond: number
  readonly blocksPerSecond: number
  readonly secondsLeft: number | undefined
}

/** The rate between the first and the last of some samples; `head` is where it goes. */
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

/** The bar of a chain in one line: `eip155:1 ██████░░░░  58% block 1,160/2,000 · 31,000 transfers/s · 12 s left`. */
export function renderBar(progress: Progress, rate: Rate): string {
  const { first, head = first, written = first - 1 } = progress
  const share = head < first ? 1 : Math.min(1, Math.max(0, (written - first + 1) / (head - first + 1)))
  const full = Math.floor(share * BAR_CHARACTERS)
  const bar = '█'.repeat(full) + '░'.repeat(BAR_CHARACTERS - full)
  const percent = `${Math.floor(share * 100)}%`.padStart(4)
  const left = rate.secondsLeft === undefined ? '' : ` · ${duration(rate.secondsLeft)} left`
  return (
    `${progress.chain} ${bar} ${percent} block ${number(Math.max(0, written))}/${number(head)}` +
    ` · ${number(rate.transfersPerSecond)} transfers/s${left}`
  )
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

/**
 * Shows how backfills go: a bar below the log on a terminal, log lines every few seconds elsewhere. Log through the
 * `sink` it gives, so that lines and bar do not run into each other.
 */
export class ProgressDisplay {
  readonly #sink: LogSink
  readonly #now: () => number
  readonly #chains = new Map<string, { progress: Progress; samples: Sample[]; loggedAt: number; live: boolean }>()
  #drawnAt = Number.NEGATIVE_INFINITY
  #bar = ''
  #log: Logger | undefined

  /** `now` is in milliseconds and never goes back. */
  constructor(sink: LogSink, now: () => number) {
    this.#sink = sink
    this.#now = now
  }

  /** Where the log writes. */
  get sink(): LogSink {
    return {
      terminal: this.#sink.terminal,
      write: (line) => this.#sink.write(this.#bar === '' ? line : `${CLEAR_LINE}${line}${this.#bar}`),
    }
  }

  /** Where lines go where there is no terminal, and when a chain has caught up. */
  logTo(log: Logger): void {
    this.#log = log
  }

  /** Takes news of a chain. */
  update(progress: Progress): void {
    const at = this.#now()
    const known = this.#chains.get(progress.chain) ?? { progress, samples: [], loggedAt: at, live: false }
    this.#chains.set(progress.chain, known)
    known.progress = progress
    known.samples.push({ at, written: progress.written ?? progress.first - 1, transfers: progress.transfers })
    while (known.samples.length > 2 && at - (known.samples[0]?.at ?? at) > WINDOW_MS) known.samples.shift()
    if (progress.state === 'live' && !known.live) {
      this.#clear()
      const transfers = progress.stored ?? progress.transfers
      this.#log?.info({ chain: progress.chain, block: progress.written, transfers }, 'caught up')
    }
    known.live = progress.state === 'live'
    if (this.#sink.terminal) this.#draw(at)
    else if (progress.state === 'backfill' && at - known.loggedAt >= LOG_MS) {
      known.loggedAt = at
      const { blocksPerSecond, ...rate } = rateOf(known.samples, progress.head ?? progress.first)
      this.#log?.info({ chain: progress.chain, block: progress.written, head: progress.head, ...rate }, 'backfill')
    }
  }

  /** Takes the bar away. */
  stop(): void {
    this.#clear()
  }

  #draw(at: number): void {
    const busy = [...this.#chains.values()].find(({ progress }) => progress.state === 'backfill')
    if (busy === undefined) this.#clear()
    if (busy === undefined || at - this.#drawnAt < DRAW_MS) return
    this.#drawnAt = at
    this.#bar = renderBar(busy.progress, rateOf(busy.samples, busy.progress.head ?? busy.progress.first))
    this.#sink.write(`${CLEAR_LINE}${this.#bar}`)
  }

  #clear(): void {
    if (this.#bar !== '') this.#sink.write(CLEAR_LINE)
    this.#bar = ''
  }
}
