import type { BalanceKey } from '../core/balance.ts'
import { isNodeFailure } from '../core/balance.ts'
import type { BlockRef } from '../core/block.ts'
import { isObservation, type NodeReader } from './node-reader.ts'

/** Most blocks at which one request reads an old amount: each is a call to a node that keeps old state. */
const MAX_BLOCKS = 200
/** Blocks that are read at the same time. */
const AT_ONCE = 10
/** Seconds after which no further reads are started: within the deadline of a request. */
const READ_SECONDS = 5

/**
 * Reads a balance at the end of each of these blocks, newest first, as long as a node answers. Returns the amounts by
 * the block's hash. Blocks that could not be read are left out, and so are the oldest ones beyond 200.
 */
export async function readPast(
  blocks: readonly BlockRef[],
  { key, node, now }: { readonly key: BalanceKey; readonly node: NodeReader; readonly now: () => number },
): Promise<ReadonlyMap<string, bigint>> {
  const newestFirst = [...blocks].reverse().slice(0, MAX_BLOCKS)
  const amounts = new Map<string, bigint>()
  const until = now() + READ_SECONDS
  for (let at = 0; at < newestFirst.length && now() < until; at += AT_ONCE) {
    const some = newestFirst.slice(at, at + AT_ONCE)
    const results = (await Promise.all(some.map((block) => node.readAt([key], block)))).map(([result]) => result)
    for (const [index, result] of results.entries()) {
      if (result !== undefined && isObservation(result)) amounts.set(some[index]?.hash ?? '', result.amount)
    }
    // Older blocks fail too: the node is down, or it does not have their state.
    const last = results.at(-1)
    if (last === undefined || (!isObservation(last) && isNodeFailure(last.reason))) break
  }
  return amounts
}
