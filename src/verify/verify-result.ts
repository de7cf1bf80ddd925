import { type BlockRef, sameBlock } from '../core/block.ts'
import type { ServiceError } from '../core/errors.ts'
import { type Comparison, type Counts, type Difference, type Subject, Tally } from './comparison.ts'

/** How far a verification is. `share`: the part of all accounts that was compared, from 0 to 1. */
export type VerifyProgress = { readonly checked: number; readonly different: number; readonly share: number }

/** Receives the progress of a verification. */
export type Watch = {
  /** Called for each difference, as soon as it is found. */
  readonly onDifference: (difference: Difference) => void
  /** Called after each step. */
  readonly onProgress: (progress: VerifyProgress) => void
}

/**
 * How a verification ended. `conflict`: store and node are on different branches. `stopped`: on request. `failed`: by
 * `error`. In both cases the counts until then are valid. `nothing`: nothing is stored that can be compared.
 * `unproven`: something is stored, and none of it could be compared.
 */
export type VerifyResult = 'equal' | 'different' | 'conflict' | 'stopped' | 'failed' | 'unproven' | 'nothing'

/** The result of a chain. `blocks`: where the journal's balances were compared, each with the number of comparisons. */
export type ChainResult = {
  readonly result: VerifyResult
  readonly error: string | undefined
  readonly blocks: readonly (BlockRef & { readonly checked: number })[]
  readonly counts: Readonly<Record<Subject, Counts>>
}

/** Counts comparisons, and reports differences and progress. */
export class Recorder {
  readonly #watch: Watch
  readonly #tallies: Record<Subject, Tally> = { balance: new Tally(), observation: new Tally(), supply: new Tally() }
  readonly #blocks: (BlockRef & { checked: number })[] = []

  constructor(watch: Watch) {
    this.#watch = watch
  }

  add(subject: Subject, comparison: Comparison | undefined): void {
    if (comparison === undefined) return
    this.#tallies[subject].add(comparison)
    const block = this.#blocks.at(-1)
    if (subject === 'balance' && block !== undefined && comparison.outcome !== 'skipped') block.checked++
    if (comparison.outcome === 'different') this.#watch.onDifference(comparison.difference)
  }

  /** Sets the block of the following comparisons. Returns true if it replaces another one. */
  useBlock({ number, hash }: BlockRef): boolean {
    const before = this.#blocks.at(-1)
    if (before !== undefined && sameBlock(before, { number, hash })) return false
    this.#blocks.push({ number, hash, checked: 0 })
    return before !== undefined
  }

  /** The block, if only one was used so far. */
  get onlyBlock(): BlockRef | undefined {
    return this.#blocks.length === 1 ? this.#blocks[0] : undefined
  }

  progress(share: number): void {
    const all = this.#all()
    const sum = (of: (counts: Counts) => number): number => all.reduce((total, counts) => total + of(counts), 0)
    const [checked, different] = [sum((counts) => counts.checked), sum((counts) => counts.different)]
    this.#watch.onProgress({ checked, different, share })
  }

  result(error: ServiceError | undefined): ChainResult {
    const { balance, observation, supply } = this.#tallies
    const all = this.#all()
    return {
      result: resultOf(all, error),
      error: error?.message,
      blocks: this.#blocks,
      counts: { balance: balance.counts, observation: observation.counts, supply: supply.counts },
    }
  }

  #all(): readonly Counts[] {
    return Object.values(this.#tallies).map(({ counts }) => counts)
  }
}

function resultOf(all: readonly Counts[], error: ServiceError | undefined): VerifyResult {
  if (all.some(({ different }) => different > 0)) return 'different'
  if (error !== undefined) return endOf(error)
  if (all.some(({ checked }) => checked > 0)) return 'equal'
  // Tokens known only by reads have no balance to compare here, so they do not make the result unproven.
  const toCompare = all.flatMap(({ skipped }) => Object.keys(skipped)).filter((reason) => reason !== 'accounting_reads')
  return toCompare.length > 0 ? 'unproven' : 'nothing'
}

function endOf({ code }: ServiceError): VerifyResult {
  if (code === 'BLOCK_CONFLICT') return 'conflict'
  return code === 'ABORTED' ? 'stopped' : 'failed'
}
