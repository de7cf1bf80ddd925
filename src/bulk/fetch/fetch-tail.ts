import type { ChainAdapter, FetchScope } from '../../chains/adapter.ts'
import { type Header, sameBlock } from '../../core/block.ts'
import { isServiceError } from '../../core/errors.ts'
import type { BlockTransfers } from '../../core/transfer.ts'

/** Blocks that are fetched at once, as in following. */
const PIECE_BLOCKS = 50
/** Most blocks and transfers of a tail: more are appended later. */
const MAX_BLOCKS = 1_000
const MAX_TRANSFERS = 100_000

/** Blocks behind the final ones: the headers of all, each linked to the one before, and those with transfers or hints. */
export type Tail = { readonly headers: readonly Header[]; readonly blocks: readonly BlockTransfers[] }

/**
 * Fetches the blocks from behind the number `after` to `head`, which are not final, or as many of them as a tail has at most.
 * It is shorter, or empty, where a node does not answer or has another branch: the indexer meets that when it follows.
 * @throws ABORTED
 */
export async function fetchTail(
  { adapter, scope }: { readonly adapter: Pick<ChainAdapter, 'headers' | 'transfersOf'>; readonly scope: FetchScope },
  { after, head }: { readonly after: number; readonly head: Header },
  signal: AbortSignal,
): Promise<Tail> {
  const tail = { headers: [] as Header[], blocks: [] as BlockTransfers[] }
  const end = Math.min(head.number, after + MAX_BLOCKS)
  let last = { number: after, hash: undefined as string | undefined }
  let transfers = 0
  try {
    while (last.number < end && transfers < MAX_TRANSFERS) {
      const range = { first: last.number + 1, last: Math.min(end, last.number + PIECE_BLOCKS) }
      const headers = await adapter.headers(range, signal)
      const [first, through] = [headers[0], headers.at(-1)]
      if (through === undefined || (last.hash !== undefined && first?.parentHash !== last.hash)) break
      if (through.number === head.number && !sameBlock(through, head)) break
      const blocks = await adapter.transfersOf({ headers, scope }, signal)
      tail.headers.push(...headers)
      tail.blocks.push(...blocks)
      for (const block of blocks) transfers += block.transfers.length + (block.hints?.length ?? 0)
      last = through
    }
  } catch (error) {
    if (!isServiceError(error) || !error.code.startsWith('NODE_')) throw error
  }
  return tail
}

/** Returns a tail if it follows a block; else an empty one. */
export function tailBehind(block: Header, tail: Tail): Tail {
  const [first] = tail.headers
  const follows = first?.number === block.number + 1 && first.parentHash === block.hash
  return follows ? tail : { headers: [], blocks: [] }
}
