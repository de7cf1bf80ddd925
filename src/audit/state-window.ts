import type { ChainAdapter } from '../chains/adapter.ts'
import { type BalanceKey, isNodeFailure } from '../core/balance.ts'
import type { BlockRef } from '../core/block.ts'

/** Blocks below the head at which state is probed: full nodes keep about 128, archive nodes all. */
const DEPTHS = [16, 128, 1_024, 16_384, 262_144, Number.POSITIVE_INFINITY]
/** Calls between two probes: an operator may have made the node an archive node, or the reverse. */
const USES_BETWEEN_PROBES = 500

/** How far back the nodes of a chain have state. Found by reading, kept, and probed again from time to time. */
export class StateWindow {
  readonly #adapter: ChainAdapter
  readonly #from: number
  #depth: number | undefined
  #uses = 0

  /** `from`: the first block that matters. */
  constructor(adapter: ChainAdapter, from: number) {
    this.#adapter = adapter
    this.#from = from
  }

  /** Blocks below the head that could be read; undefined before the first probe, infinite for an archive node. */
  get depth(): number | undefined {
    return this.#depth
  }

  /** False if the block is known to be too old. */
  reaches(block: number, head: BlockRef): boolean {
    return this.#depth === undefined || head.number - block <= this.#depth
  }

  /** A read inside the window failed, so the known depth is no longer true. */
  failed(): void {
    this.#uses = 0
    this.#depth = undefined
  }

  /**
   * Reads a balance at growing depths below the head until no node has the state. Most calls do nothing.
   * @throws NODE_*
   */
  async probe(key: BalanceKey, head: BlockRef, signal: AbortSignal): Promise<void> {
    if (this.#depth !== undefined && ++this.#uses % USES_BETWEEN_PROBES !== 0) return
    let reached = 0
    for (const depth of DEPTHS) {
      const block = Math.max(this.#from, head.number - depth)
      if (!(await this.#isReadable(key, block, signal))) break
      reached = block === this.#from ? Number.POSITIVE_INFINITY : depth
      if (block === this.#from) break
    }
    this.#depth = reached
  }

  async #isReadable(key: BalanceKey, block: number, signal: AbortSignal): Promise<boolean> {
    const [at] = await this.#adapter.headers({ first: block, last: block }, signal)
    if (at === undefined) return false
    const [read] = (await this.#adapter.readBalances({ keys: [key], at }, signal)).reads
    return read === undefined || read.ok || !isNodeFailure(read.reason)
  }
}
