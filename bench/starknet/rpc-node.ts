import type { StarknetGenerator } from './generator.ts'
import type { StarknetRenderer } from './render.ts'

/** The data and the counters of a generated Starknet node. */
export type StarknetRpcNode = {
  readonly generator: StarknetGenerator
  readonly renderer: StarknetRenderer
  /** The most events of one page. */
  readonly maxChunk: number
  /** Time of the first `starknet_getEvents` since `bench_reset`, in Unix milliseconds. */
  firstLogsAtMs: number | undefined
}

/** A result as JSON, or an error. */
export type Outcome = string | { readonly code: number; readonly message: string }
