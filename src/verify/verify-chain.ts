import { ServiceError } from '../core/errors.ts'
import { BlockInUse } from './block-in-use.ts'
import type { Sides } from './compare-positions.ts'
import { Pages, type Selection } from './pages.ts'
import { type ChainResult, Recorder, type Watch } from './verify-result.ts'
import { verifySample } from './verify-sample.ts'
import { verifyWhole } from './verify-whole.ts'

/** What a chain's verification needs. */
export type VerifyOptions = {
  readonly sides: Sides
  readonly selection: Selection
  /** Number of comparisons, drawn at random from the selection; undefined: compare everything. */
  readonly sample: number | undefined
  readonly watch: Watch
  /** Unix seconds. */
  readonly now: () => number
  /** From 0 to below 1. */
  readonly random: () => number
}

/**
 * Compares what is stored of a chain with the chain. Only reads, in bounded memory for any number of balances. An
 * operational failure is part of the result.
 */
export async function verifyChain(options: VerifyOptions): Promise<ChainResult> {
  const { sides, selection, sample, watch, now, random } = options
  const notes = new Recorder(watch)
  const pages = new Pages({ sides, selection, block: new BlockInUse({ ...sides, now }) })
  try {
    if (sample === undefined) await verifyWhole({ sides, selection, pages, notes })
    else await verifySample({ sides, selection, pages, notes }, { size: sample, random })
    return notes.result(undefined)
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    return notes.result(error)
  }
}
