import { setTimeout as sleep } from 'node:timers/promises'
import { type AssetRef, assetKey } from '../core/asset.ts'
import type { BlockRef } from '../core/block.ts'
import { within } from '../net/deadline.ts'
import type { Position } from '../store/seam/positions.ts'
import { compareObservations, comparePositions, type Sides } from './compare-positions.ts'
import { type Comparison, type Difference, Tally } from './comparison.ts'

/** Positions and observations of one round: one small request to the node, and some microseconds of the store. */
const POSITIONS_PER_ROUND = 20
const OBSERVATIONS_PER_ROUND = 5
/** Longest round, in milliseconds. A node that is slower gets no more of this extra work. */
const ROUND_TIMEOUT_MS = 30_000
/** Most assets whose first difference is remembered. Beyond it, differences may be reported as first again. */
const MAX_TOLD = 10_000

/** What a sampler needs. */
export type SamplerOptions = Omit<Sides, 'signal'> & {
  /** From 0 to below 1. */
  readonly random: () => number
  /** Called for each difference. `isFirst`: the first one of its asset, which people should see. */
  readonly onDifference: (difference: Difference, isFirst: boolean) => Promise<void>
  /** Called when rounds begin to fail. */
  readonly onFailure: (error: unknown) => void
}

/**
 * Compares a few stored amounts with the chain, round after round: from a random account on, at the newest indexed
 * block, like `steelyard verify`. Rounds are small, run at a slow pace and block nothing.
 */
export class VerifySampler {
  readonly #options: SamplerOptions
  readonly #tally = new Tally()
  readonly #told = new Set<string>()
  #failed = 0

  constructor(options: SamplerOptions) {
    this.#options = options
  }

  /** Counts of comparisons since the start, for metrics. */
  counts(): Readonly<Record<string, number>> {
    const { checked, equal, different, skipped } = this.#tally.counts
    const left = Object.values(skipped).reduce((sum, count) => sum + count, 0)
    return {
      verify_checked: checked,
      verify_equal: equal,
      verify_different: different,
      verify_skipped: left,
      verify_failed: this.#failed,
    }
  }

  /**
   * Runs rounds, `pauseMs` apart, until the signal fires. Retries after failures, and reports only the first of several
   * in a row.
   */
  async run(pauseMs: number, signal: AbortSignal): Promise<void> {
    let failing = false
    while (!signal.aborted) {
      try {
        await within({ ms: ROUND_TIMEOUT_MS, signal }, (bounded) => this.round(bounded))
        failing = false
      } catch (error) {
        if (signal.aborted) return
        this.#failed++
        if (!failing) this.#options.onFailure(error)
        failing = true
      }
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
    }
  }

  /** Runs one round. Does nothing before the chain has caught up. @throws NODE_*, STORE_UNAVAILABLE, ABORTED */
  async round(signal: AbortSignal): Promise<void> {
    const { reads, prover } = this.#options
    const sides: Sides = { reads, prover, signal }
    const { published, state } = await reads.clock()
    if (published === undefined || state !== 'live') return
    const positions = await comparePositions(sides, await this.#positions(published), published)
    await this.#note(positions.map(({ comparison }) => comparison))
    const page = await reads.observations.walk({
      after: { share: this.#options.random() },
      limit: OBSERVATIONS_PER_ROUND,
    })
    await this.#note(await compareObservations(sides, page.rows))
  }

  /** Positions from a random account on. After the last account comes the first. */
  async #positions(at: BlockRef): Promise<readonly Position[]> {
    const { reads, random } = this.#options
    const end = await reads.walk({ after: { share: random() }, at, limit: POSITIONS_PER_ROUND })
    const left = POSITIONS_PER_ROUND - end.rows.length
    const begin = left > 0 ? await reads.walk({ after: { share: 0 }, at, limit: left }) : { rows: [] }
    return [...end.rows, ...begin.rows]
  }

  async #note(comparisons: readonly (Comparison | undefined)[]): Promise<void> {
    for (const comparison of comparisons) {
      // Do not count a block that was replaced meanwhile: the indexer handles it, and a sample loses nothing.
      if (comparison === undefined || (comparison.outcome === 'skipped' && comparison.reason === 'block_replaced'))
        continue
      this.#tally.add(comparison)
      if (comparison.outcome !== 'different') continue
      await this.#options.onDifference(comparison.difference, this.#isNews(comparison.difference.asset))
    }
  }

  #isNews(asset: AssetRef): boolean {
    const key = assetKey(asset)
    if (this.#told.has(key)) return false
    if (this.#told.size >= MAX_TOLD) this.#told.clear()
    this.#told.add(key)
    return true
  }
}
