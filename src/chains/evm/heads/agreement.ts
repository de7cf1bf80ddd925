import type { Heads } from '../../../core/block.ts'
import { isServiceError, ServiceError } from '../../../core/errors.ts'
import type { NodeAnswer, Rpc, Work } from '../../../net/rpc.ts'
import type { Confirmation, Conflict } from '../../adapter.ts'
import { blockCall, parseHeader } from './headers.ts'

/** Nodes differ by a block or two all the time; one so far behind the others is stuck, and not to be followed. */
const LAG_BLOCKS = 10
/** One poll in so many asks all nodes for their heads: where polls are 4 s apart, a stuck node is known in a minute. */
const POLLS_BETWEEN_REFRESHES = 15

/** Asks every node for its block at the conflict's number, and passes over one that alone has another than ours. */
export async function confirm(rpc: Rpc, conflict: Conflict, signal: AbortSignal): Promise<Confirmation> {
  const { number, theirs } = conflict
  const work: Work<string> = async (session) => parseHeader(await session.call(blockCall(number)), number).hash
  const answers = await rpc.askAll(work, signal)
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

/** What hashes of nodes that are high enough say of a conflict. Asks nobody. */
export function confirmationOf(hashes: readonly string[], { theirs, ours }: Conflict): Confirmation {
  const agreeing = hashes.filter((hash) => hash === theirs).length
  if (agreeing >= 2) return 'agreed'
  return hashes.includes(ours) ? 'refused' : 'alone'
}

/**
 * Heads of whichever node is fit to be followed: one that has fallen far behind what was seen is not. A node that stands
 * still is behind nothing that it shows itself, so all are asked at the first poll, and again every so many.
 */
export class HighestHeads {
  private readonly rpc: Rpc
  private readonly nodes: number
  private highest = 0
  private polls = 0
  private refreshing = false

  /** `nodes`: how many there are. */
  constructor(rpc: Rpc, nodes: number) {
    this.rpc = rpc
    this.nodes = nodes
  }

  /** @throws NODE_*, CHAIN_MISMATCH */
  async read(work: Work<Heads>, signal: AbortSignal): Promise<Heads> {
    const isFirst = this.polls === 0
    if (this.nodes > 1 && this.polls++ % POLLS_BETWEEN_REFRESHES === 0) {
      const refreshed = this.refresh(work, signal)
      // Later a node that hangs holds no poll up: what the others say counts from the next one on.
      if (isFirst) await refreshed
    }
    // A node that answers with an error may go on doing so: another one is asked at once.
    const heads = await this.rpc.run(work, { signal, asksOthers: ({ code }) => code === 'NODE_RPC' })
    if (heads.latest.number + LAG_BLOCKS >= this.highest) {
      this.highest = Math.max(this.highest, heads.latest.number)
      return heads
    }
    const best = highestOf(await this.rpc.askAll(work, signal)) ?? heads
    // Where all are lower, the chain itself is: from now on that is what there is.
    this.highest = best.latest.number
    return best
  }

  /** Asks all nodes for their heads, and passes over those that are far behind. Never throws but for a bug. */
  private async refresh(work: Work<Heads>, signal: AbortSignal): Promise<void> {
    if (this.refreshing) return
    this.refreshing = true
    try {
      const best = highestOf(await this.rpc.askAll(work, signal))
      if (best !== undefined) this.highest = Math.max(this.highest, best.latest.number)
    } catch (error) {
      if (!isServiceError(error, 'ABORTED')) throw error
    } finally {
      this.refreshing = false
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
