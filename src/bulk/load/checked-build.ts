import type { AccountCodec } from '../../core/account.ts'
import { isServiceError, ServiceError } from '../../core/errors.ts'
import type { Expected } from '../../store/seam/bulk-check.ts'
import type { BuildTarget } from '../../store/seam/bulk-load.ts'
import { type BulkSink, RowTooLarge } from '../../store/seam/bulk-sink.ts'
import { isLogDamaged } from '../../store/seam/log-damage.ts'
import { Build, type BuildStep, type Built, type Ends } from '../build/build.ts'
import type { SweepHelper } from '../build/sweep-share.ts'
import type { Mark } from '../raw-log/mark.ts'
import { RawLogReader } from '../raw-log/raw-log-reader.ts'
import { LogSample } from './sample-log.ts'

/**
 * What is to be built of a raw log, and where. It can be passed to another thread. `expected`: about how many transfers
 * the log will have. `turn`: which of the generations of a load it is.
 */
export type BuildJob = {
  readonly log: string
  readonly target: BuildTarget
  readonly expected: number
  readonly turn?: number
}

/** The ways of an engine to write: the fast one, and the plain one that takes its place where it fails. */
export const SINKS = ['pages', 'sql'] as const
/** One of SINKS. */
export type SinkName = (typeof SINKS)[number]

/** What a checked build needs. */
export type CheckedBuildDeps = {
  readonly codec: AccountCodec
  readonly openSink: (by: SinkName) => BulkSink
  /** Returns what the engine finds wrong in what was built. */
  readonly findFault: (expected: Expected) => Promise<string | undefined>
  readonly warn: (message: string, fields: Readonly<Record<string, unknown>>) => void
  readonly onStep?: (step: BuildStep) => void
  /** Monotonic milliseconds; those of the process if not given. */
  readonly now?: () => number
  /** `Math.random` if not given. */
  readonly random?: () => number
  /** Another thread for a share of the work. */
  readonly helper?: SweepHelper
}

/** The share of a build's time that SQLite's own check may take, and what it may take at least. */
const BUDGET_SHARE = 0.05
const LEAST_BUDGET_MS = 100

/** What was built is not what the log tells. */
class Fault extends Error {
  override readonly name = 'Fault'
}

/** True if another sink must build. SQLite finds damage not only when it is asked for, but in any statement. */
function isFault(error: unknown): error is Error {
  if (error instanceof RowTooLarge || error instanceof Fault) return true
  return isServiceError(error, 'STORE_DAMAGED') && !isLogDamaged(error)
}

/**
 * Builds a generation while its log is still written, and then has the engine itself look at it: the rows of each table,
 * and transfers chosen at random with all that follows from them. What fails that is built again by plain SQL.
 */
export class CheckedBuild {
  readonly #job: BuildJob
  readonly #deps: CheckedBuildDeps
  readonly #accounts: readonly string[] | undefined
  #sink = 0
  #build: Build | undefined
  /** How long the build took so far. */
  #spentMs = 0

  constructor(job: BuildJob, deps: CheckedBuildDeps) {
    const { scope } = job.target.coverage
    this.#job = job
    this.#deps = deps
    this.#accounts = scope.type === 'accounts' ? scope.accounts : undefined
  }

  /**
   * Reads the log on to a later mark.
   * @throws STORE_DAMAGED plain SQL fails it too; and as `Build.readTo`
   */
  async readTo(mark: Mark): Promise<void> {
    await this.#withSink((build) => this.#timed(() => build.readTo(mark)))
  }

  /** Builds all that the log has up to a mark. @throws as `readTo` */
  finish(mark: Mark, ends?: Ends): Promise<Built> {
    return this.#withSink(async (build) => {
      const rows = await this.#timed(() => {
        build.readTo(mark)
        return build.finish(ends)
      })
      const fault = await this.#deps.findFault(this.#expected(rows, mark))
      if (fault !== undefined) throw new Fault(fault)
      return rows
    })
  }

  /** Removes what was written, unless it is finished. */
  abandon(): void {
    this.#build?.abandon()
  }

  /** Runs work with a build by the fast sink, or by the plain one if that fails. */
  async #withSink<T>(work: (build: Build) => T | Promise<T>): Promise<T> {
    for (;;) {
      const by = SINKS[this.#sink]
      try {
        this.#build ??= this.#begin(by)
        return await work(this.#build)
      } catch (error) {
        if (!isFault(error)) throw error
        this.#deps.warn('a built generation is not used', { by, fault: error.message })
        this.#build = undefined
        if (++this.#sink === SINKS.length)
          throw new ServiceError('STORE_DAMAGED', `what was built of ${this.#job.log} is wrong: ${error.message}`)
      }
    }
  }

  async #timed<T>(work: () => T | Promise<T>): Promise<T> {
    const { now = () => performance.now() } = this.#deps
    const began = now()
    const result = await work()
    this.#spentMs += now() - began
    return result
  }

  #begin(by: SinkName = SINKS[0]): Build {
    const { codec, helper, onStep, openSink } = this.#deps
    const { log, target, expected } = this.#job
    const { coverage, published } = target
    const options = { log, codec, from: coverage.from, published, accounts: this.#accounts, expected, helper }
    return new Build({ ...options, ...(onStep === undefined ? {} : { onStep }) }, openSink(by))
  }

  #expected(rows: Built, mark: Mark): Expected {
    const { codec, random = Math.random } = this.#deps
    const { target, turn = 0 } = this.#job
    const log = new LogSample(new RawLogReader(this.#job.log, mark), codec)
    return {
      ...{ rows, sample: log.choose(random), find: (place) => log.find(place), keeps: this.#keeper() },
      ...{ from: target.coverage.from, turn, random },
      budgetMs: Math.max(LEAST_BUDGET_MS, this.#spentMs * BUDGET_SHARE),
    }
  }

  #keeper(): Expected['keeps'] {
    const kept = this.#accounts === undefined ? undefined : new Set(this.#accounts)
    const { zeroAddress } = this.#deps.codec
    return (account) => account !== zeroAddress && (kept === undefined || kept.has(account))
  }
}
