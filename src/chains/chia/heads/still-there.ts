import type { BlockRef } from '../../../core/block.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { replaced } from '../words/faults.ts'
import { readBlock } from './headers.ts'

/** A function that checks that the node still has a block. @throws BLOCK_CONFLICT it was replaced; NODE_* */
export function stillThere(session: RpcSession, { number, hash }: BlockRef): () => Promise<void> {
  return async () => {
    if ((await readBlock(session, number)).hash !== hash) throw replaced(number)
  }
}
