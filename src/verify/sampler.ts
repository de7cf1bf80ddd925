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
/** A round is given up after this, in milliseconds: a node that is this slow has better things to do. */
const ROUND_TIMEOUT_MS = 30_000
/** Assets whose difference was told; beyond it all may be told once more. */
const MAX_TOLD = 10_000

export type SamplerOptions = Omit<Sides, 'signal'> & {
  /** From 0 to below 1. */
  readonly random: () => number
  /** Called for each difference; `isFirst`: the first one of its asset, which is news to people. */
  readonly onDifference: (difference: Difference, isFirst: boolean) => Promise<void>
  /** Called when rounds begin to fail. */
  readonly onFailure: (error: unknown) => void
}

/**
 * Holds a few stored balances against the chain, for ever and round after round: from a random account on, at the newest
 * indexed block, as `steelyard verify` does it. Rounds are small, follow each other slowly and stop nothing.
 */
export class VerifySampler {
  readonly #options: SamplerOptions
  readonly #tally = new Tally()
  readonly #told = new Set<string>()
  #failed = 0

  constructor(options: SamplerOptions) {
    this.#options = options
  }

  /** What was compared since the start, for metrics. */
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

  /** Rounds, `pauseMs` apart, until the signal fires. What fails is tried again, told once. */
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

  /** One round; nothing before the chain has caught up. @throws NODE_*, STORE_UNAVAILABLE, ABORTED */
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

  /** From a random account on; past the last account comes the first. */
  async #positions(at: BlockRef): Promise<readonly Position[]> {
    const { reads, random } = this.#options
    const end = await reads.walk({ after: { share: random() }, at, limit: POSITIONS_PER_ROUND })
    const left = POSITIONS_PER_ROUND - end.rows.length
    const begin = left > 0 ? await reads.walk({ after: { share: 0 }, at, limit: left }) : { rows: [] }
    return [...end.rows, ...begin.rows]
  }

  async #note(comparisons: readonly (Comparison | undefined)[]): Promise<void> {
    for (const comparison of comparisons) {
      // A block that was replaced meanwhile is seen to by the indexer, and is no loss to a sample.
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
