import type { Heads } from '../../core/block.ts'
import { isCallError, isServiceError, ServiceError } from '../../core/errors.ts'
import type { Confirmation, Conflict } from '../adapter.ts'
import type { NodeAnswer, Rpc, Work } from './rpc.ts'

/** Nodes normally differ by a block or two. A node this far behind the others is stuck and must not be followed. */
const LAG_BLOCKS = 10
/**
 * One poll in this many asks all nodes for their heads: with polls 4 s apart, a stuck node is detected within a minute.
 */
const POLLS_BETWEEN_REFRESHES = 15

/**
 * Asks every node for its block at the conflict's number. Distrusts a node that alone has another block than ours.
 * `hashAt`: reads the hash of one node's block with a number; it throws NODE_* if the node has none.
 */
export async function confirmConflict(
  rpc: Rpc,
  conflict: Conflict,
  { hashAt, signal }: { readonly hashAt: (number: number) => Work<string>; readonly signal: AbortSignal },
): Promise<Confirmation> {
  const { number, theirs } = conflict
  const answers = await rpc.askAll(hashAt(number), signal)
  const confirmation = confirmationOf(
    answers.map(({ value }) => value),
    conflict,
  )
  if (confirmation === 'refused') {
    const reason = new ServiceError('NODE_GARBAGE', `has another block ${number} than any other node`)
    for (const answer of answers) if (answer.value === theirs) answer.distrust(reason)
  }
  return confirmation
}

/** Decides a conflict from the hashes of nodes that have reached its number. Asks no node. */
export function confirmationOf(hashes: readonly string[], { theirs, ours }: Conflict): Confirmation {
  const agreeing = hashes.filter((hash) => hash === theirs).length
  if (agreeing >= 2) return 'agreed'
  return hashes.includes(ours) ? 'refused' : 'alone'
}

/**
 * Reads the heads of a node that has not fallen far behind the highest known head. A stuck node alone does not notice
 * that it is behind, so the first poll and then one in several asks all nodes.
 */
export class HighestHeads {
  readonly #rpc: Rpc
  readonly #nodes: number
  #highest = 0
  #polls = 0
  #refreshing = false

  /** `nodes`: how many there are. */
  constructor(rpc: Rpc, nodes: number) {
    this.#rpc = rpc
    this.#nodes = nodes
  }

  /** @throws NODE_*, CHAIN_MISMATCH */
  async read(work: Work<Heads>, signal: AbortSignal): Promise<Heads> {
    const isFirst = this.#polls === 0
    if (this.#nodes > 1 && this.#polls++ % POLLS_BETWEEN_REFRESHES === 0) {
      const refreshed = this.#refresh(work, signal)
      // Only the first poll waits. Later a hanging node delays no poll: the answers of the others count from the next
      // poll on.
      if (isFirst) await refreshed
    }
    // A node that answers with an error may keep doing so: ask another node at once.
    const heads = await this.#rpc.run(work, { signal, asksOthers: isCallError })
    if (heads.latest.number + LAG_BLOCKS >= this.#highest) {
      this.#highest = Math.max(this.#highest, heads.latest.number)
      return heads
    }
    const best = highestOf(await this.#rpc.askAll(work, signal)) ?? heads
    // If all nodes are lower, so is the chain: accept the lower head.
    this.#highest = best.latest.number
    return best
  }

  /** Asks all nodes for their heads, and distrusts those that are far behind. Throws only for a bug. */
  async #refresh(work: Work<Heads>, signal: AbortSignal): Promise<void> {
    if (this.#refreshing) return
    this.#refreshing = true
    try {
      const best = highestOf(await this.#rpc.askAll(work, signal))
      if (best !== undefined) this.#highest = Math.max(this.#highest, best.latest.number)
    } catch (error) {
      if (!isServiceError(error, 'ABORTED')) throw error
    } finally {
      this.#refreshing = false
    }
  }
}

function highestOf(answers: readonly NodeAnswer<Heads>[]): Heads | undefined {
  const best = answers.map(({ value }) => value).sort((a, b) => b.latest.number - a.latest.number)[0]
  if (best === undefined) return undefined
  for (const { value, distrust } of answers) {
    if (value.latest.number + LAG_BLOCKS >= best.latest.number) continue
    const words = `is at block ${value.latest.number}, another node at ${best.latest.number}`
    distrust(new ServiceError('NODE_BEHIND', words))
  }
  return best
}
