import type { ChainAdapter } from '../chains/adapter.ts'
import { type BalanceKey, isNodeFailure } from '../core/balance.ts'
import type { BlockRef } from '../core/block.ts'

/** Blocks below the head at which state is looked for: full nodes keep about 128, archives all. */
const DEPTHS = [16, 128, 1_024, 16_384, 262_144, Number.POSITIVE_INFINITY]
/** Probes after which a node is looked at again: its operator may have made it an archive, or the reverse. */
const USES_BETWEEN_PROBES = 500

/** How far back the nodes of a chain remember state: found by reading there, remembered, and found again in time. */
export class StateWindow {
  readonly #adapter: ChainAdapter
  readonly #from: number
  #depth: number | undefined
  #uses = 0

  /** `from`: the first block that is of interest. */
  constructor(adapter: ChainAdapter, from: number) {
    this.#adapter = adapter
    this.#from = from
  }

  /** Blocks below the head that could be read; undefined before the first probe, infinite for an archive. */
  get depth(): number | undefined {
    return this.#depth
  }

  /** False where the block is known to be too old. */
  reaches(block: number, head: BlockRef): boolean {
    return this.#depth === undefined || head.number - block <= this.#depth
  }

  /** A read of so old a block failed: what was remembered is no longer true. */
  failed(): void {
    this.#uses = 0
    this.#depth = undefined
  }

  /** Reads a balance ever deeper below the head until no node remembers; seldom, else it does nothing. @throws NODE_* */
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
