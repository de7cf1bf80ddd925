import type { ChainAdapter } from '../chains/adapter.ts'
import type { BlockRef } from '../core/block.ts'
import { ServiceError } from '../core/errors.ts'

/** Headers fetched in the first step back. Each further step doubles it. */
const FIRST_STEP = 4
/** Most headers fetched in one step: a reorg of thousands of blocks costs few headers below the ancestor. */
const MAX_STEP = 512

/** Where the search starts: the node's block at a number where we have another one. */
export type Search = {
  readonly adapter: Pick<ChainAdapter, 'headers'>
  /** Our header chain, ascending. */
  readonly headers: readonly BlockRef[]
  /** The number of our finalized head; below all blocks if there is none. */
  readonly finalized: number
  readonly from: BlockRef
}

/**
 * Returns the highest block that we share with the node, found downwards from the node's block by parent hashes.
 * Undefined if they share no stored block, and none of these is final.
 * @throws BLOCK_CONFLICT the node's chain changed again while it was read
 * @throws REORG_TOO_DEEP they do not even share our oldest stored block, the finalized head
 * @throws NODE_* the node did not answer
 */
export async function findAncestor(search: Search, signal: AbortSignal): Promise<BlockRef | undefined> {
  const { adapter, headers, finalized, from } = search
  const ours = new Map(headers.map((header) => [header.number, header]))
  const floor = headers[0]?.number ?? from.number + 1
  let child = from.hash
  let last = from.number
  for (let step = FIRST_STEP; last >= floor; step = Math.min(2 * step, MAX_STEP)) {
    const first = Math.max(floor, last - step + 1)
    const theirs = await adapter.headers({ first, last }, signal)
    for (const header of [...theirs].reverse()) {
      if (header.hash !== child) {
        const fields = { block: header.number }
        throw new ServiceError('BLOCK_CONFLICT', 'The chain changed again while the common ancestor was searched', {
          fields,
        })
      }
      const own = ours.get(header.number)
      if (own !== undefined && own.hash === header.hash) return own
      child = header.parentHash
    }
    last = first - 1
  }
  if (floor > finalized) return undefined
  throw tooDeep(floor)
}

/** The error of a chain that cannot continue by itself: the node replaced blocks that were served as final. */
function tooDeep(floor: number): ServiceError {
  const message =
    `the node replaced block ${floor}, which was final: check the node; if it is right, stop the server, run ` +
    '`steelyard reset` for this chain, and start again: it is indexed anew'
  return new ServiceError('REORG_TOO_DEEP', message, { fields: { floor } })
}
