import type { ChainAdapter } from '../chains/adapter.ts'
import type { BlockRef } from '../core/block.ts'
import { ServiceError } from '../core/errors.ts'

/** Headers fetched in the first step back; each further step doubles it. */
const FIRST_STEP = 4

/**
 * The highest block that we and the node share, found by comparing hashes downward from block `from`.
 * @throws REORG_TOO_DEEP they do not even share the oldest block that we hold, the finalized head
 * @throws NODE_* the node did not answer
 */
export async function findAncestor(
  search: { readonly adapter: ChainAdapter; readonly headers: readonly BlockRef[]; readonly from: number },
  signal: AbortSignal,
): Promise<BlockRef> {
  const ours = new Map(search.headers.map((header) => [header.number, header]))
  const floor = search.headers[0]?.number ?? search.from + 1
  let last = search.from
  for (let step = FIRST_STEP; last >= floor; step *= 2) {
    const first = Math.max(floor, last - step + 1)
    const theirs = await search.adapter.headers({ first, last }, signal)
    for (const header of [...theirs].reverse()) {
      const own = ours.get(header.number)
      if (own !== undefined && own.hash === header.hash) return own
    }
    last = first - 1
  }
  const message = `the node replaced block ${floor}, which is final here: check the node, or delete this chain's files to index again`
  throw new ServiceError('REORG_TOO_DEEP', message, { fields: { floor } })
}
