import { assert } from '../../core/assert.ts'
import type { Header } from '../../core/block.ts'
import { ServiceError } from '../../core/errors.ts'
import type { BuildTarget, BulkStore } from '../../store/seam/bulk-load.ts'
import { ALL_FINAL, type Built, type Ends } from '../build/build.ts'
import type { Mark } from '../raw-log/mark.ts'
import { isBuildDue } from './build-due.ts'
import type { BuildJob } from './checked-build.ts'
import { buildMsOf } from './rebuild-due.ts'

/** Bytes on disk for each transfer that a build reads: a part of the new generation, and what it keeps meanwhile. */
export const READ_BYTES = 280
/** Bytes for each transfer that it then writes, and if they wait in files until they are in a database. */
const WRITTEN_BYTES = 200
const WAITING_BYTES = 300
/** Bytes that a build of anything needs. */
export const LEAST_BYTES = 64 * 1024 * 1024

/** A build in a thread of its own, which follows the log. */
export type RunningBuild = {
  /** The log can be read up to this mark. */
  readonly readTo: (mark: Mark) => void
  /** What the log has up to this mark is to be built. */
  readonly finish: (mark: Mark, ends: Ends) => void
  /** What was built. Rejects as soon as the build fails. */
  readonly built: Promise<Built>
}

/** What the generations of a load need. */
export type GenerationDeps = {
  readonly store: BulkStore
  /** Begins a build. The signal ends it. */
  readonly build: (job: BuildJob, signal: AbortSignal) => RunningBuild
  /** Monotonic milliseconds. */
  readonly now: () => number
  readonly log: (level: 'info' | 'warn', message: string, fields: Readonly<Record<string, unknown>>) => void
  /** The blocks that are loaded. */
  readonly first: number
  readonly last: number
  /** Transfers that were published before. */
  readonly stored: number
  /** `transfers`: how many more than before. */
  readonly onPublished: (through: Header, transfers: number) => Promise<void>
  readonly signal: AbortSignal
  readonly onFailure: () => void
}

/** The generation that is being built. `read`: transfers that its build was told to read. */
type Current = { readonly target: BuildTarget; readonly build: RunningBuild; read: number }

/**
 * The generations of one load. One is always being built, beside the fetching: it reads the log up to each mark, until it
 * is due and is published. Then the next one begins.
 */
export class Generations {
  readonly #deps: GenerationDeps
  #current: Current | undefined
  #publishing: Promise<void> | undefined
  #built: Mark | undefined
  #latest: Mark | undefined
  #failure: { readonly error: unknown } | undefined
  #since: number
  /** Chosen at random, so that loads that are interrupted do not all check the same. */
  #turn = Math.floor(Math.random() * 8)
  #lastBuildMs: number

  constructor(deps: GenerationDeps) {
    this.#deps = deps
    this.#since = deps.now()
    this.#lastBuildMs = buildMsOf(deps.stored)
  }

  /** The log is longer. Publishes a generation, if one is due. */
  consider(mark: Mark): void {
    this.#latest = mark
    const current = this.follow(mark)
    const { through } = mark
    if (current === undefined || through === undefined) return
    const { now, first, last, stored } = this.#deps
    const isDue = isBuildDue({
      ...{ transfers: mark.transfers, built: this.#built?.transfers ?? (stored || undefined) },
      ...{ fetchedBlocks: through.number - first + 1, blocksLeft: last - through.number },
      ...{ sinceMs: now() - this.#since, lastBuildMs: this.#lastBuildMs },
    })
    if (isDue) this.#publish(current, mark)
  }

  /** The log can be read up to a mark, which need not be durable. Returns the build that reads it, if one does. */
  follow(mark: Mark): Current | undefined {
    const { through } = mark
    if (through === undefined || this.#publishing !== undefined || this.#failure !== undefined) return undefined
    const { first, last, signal, stored } = this.#deps
    if (signal.aborted) return undefined
    const share = (last - first + 1) / (through.number - first + 1)
    try {
      return this.#readTo(mark, stored + (mark.transfers - stored) * share)
    } catch (error) {
      this.#fail(error)
      return undefined
    }
  }

  /** Publishes the last generation, unless its blocks are published already. @throws why a build failed */
  async finish(mark: Mark, ends: Ends): Promise<void> {
    await this.#publishing
    this.#latest = undefined
    if (this.#failure === undefined && this.#built?.through !== mark.through) {
      this.#publish(this.#readTo(mark, mark.transfers), mark, ends)
      await this.#publishing
    }
    if (this.#failure !== undefined) throw this.#failure.error
    this.#deps.signal.throwIfAborted()
  }

  /** After the signal: ends what is being built. Returns why a build failed before. */
  async end(): Promise<unknown> {
    await this.#current?.build.built.catch(() => undefined)
    await this.#publishing
    return this.#failure?.error
  }

  /** Has a build read up to a mark. */
  #readTo(mark: Mark, expected: number): Current {
    this.#mustHaveRoom(mark)
    const current = this.#current ?? this.#begin(Math.ceil(expected))
    current.build.readTo(mark)
    current.read = mark.transfers
    return current
  }

  #begin(expected: number): Current {
    const { build, store, signal } = this.#deps
    const target = store.target()
    const current = {
      target,
      build: build({ log: store.folder, target, expected, turn: this.#turn++ }, signal),
      read: 0,
    }
    current.build.built.catch((error: unknown) => this.#fail(error))
    this.#current = current
    return current
  }

  #publish(current: Current, mark: Mark, ends = ALL_FINAL): void {
    this.#publishing = this.#publishBuilt(current, mark, ends)
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#publishing = undefined
        this.#current = undefined
        if (this.#latest !== undefined) this.consider(this.#latest)
      })
  }

  async #publishBuilt({ target, build }: Current, mark: Mark, ends: Ends): Promise<void> {
    const { log, now, onPublished, signal, store, stored } = this.#deps
    const began = now()
    build.finish(mark, ends)
    await build.built
    signal.throwIfAborted()
    const through = await store.publish(target, signal)
    this.#built = mark
    this.#since = now()
    this.#lastBuildMs = this.#since - began
    assert(through.number === mark.through?.number, 'what is published is what was built')
    log('info', 'a part of the backfill is published', { block: through.number, transfers: mark.transfers })
    await onPublished(through, Math.max(0, mark.transfers - stored))
  }

  #fail(error: unknown): void {
    // What fails after the signal fails because of it.
    if (this.#failure !== undefined || this.#deps.signal.aborted) return
    this.#failure = { error }
    this.#deps.onFailure()
  }

  #mustHaveRoom(mark: Mark): void {
    const read = this.#current?.read ?? 0
    const { store } = this.#deps
    const written = writtenBytes(store)
    const needed = LEAST_BYTES + READ_BYTES * (mark.transfers - read) + written * mark.transfers
    const free = store.freeBytes()
    if (free < needed) throw noRoom(needed, free)
  }
}

/** Bytes on disk for each transfer that a build writes. */
export function writtenBytes({ isApart }: BulkStore): number {
  return isApart ? WAITING_BYTES : WRITTEN_BYTES
}

/** The error of a disk with too little room. */
export function noRoom(needed: number, free: number): ServiceError {
  const message = `the backfill needs ${needed} bytes on disk, and ${free} are free: make room, or raise the quota`
  return new ServiceError('STORE_FULL', message, { fields: { needed, free } })
}
