import { type BlockRef, sameBlock } from '../../../core/block.ts'
import type { CoinRecord } from '../words/records.ts'

/** How often coins are read again because the head moved meanwhile. Blocks come every 18.75 s, and a read takes less. */
const MAX_TRIES = 3

/**
 * Reads what is unspent at the node's newest block. A node tells only what is unspent now, so the head is asked before and
 * after, and what was read in between is of that block if the head is the same. `read`: the look-ups. `judge`: what follows
 * from their answer at that block, by further calls, whatever the head is by then; undefined if they must be repeated.
 * Undefined: the head moved every time. `start`: a head that was asked before.
 */
export async function atNewest<T, U>(
  headOf: () => Promise<BlockRef>,
  how: {
    readonly start?: BlockRef
    readonly read: (at: BlockRef) => Promise<T>
    readonly judge: (found: T, at: BlockRef) => Promise<U | undefined>
  },
): Promise<{ readonly at: BlockRef; readonly value: U } | undefined> {
  let at = how.start ?? (await headOf())
  for (let n = 0; n < MAX_TRIES; n++) {
    const found = await how.read(at)
    const [value, head] = await Promise.all([how.judge(found, at), headOf()])
    if (value !== undefined && sameBlock(head, at)) return { at, value }
    at = head
  }
  return undefined
}

/** False if a coin is newer than the block: another machine than the one that named the head may have answered. */
export function isOfBlock(coins: readonly CoinRecord[], { number }: BlockRef): boolean {
  return coins.every(({ confirmed }) => confirmed <= number)
}
