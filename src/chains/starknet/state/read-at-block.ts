import type { BlockRef } from '../../../core/block.ts'
import { ServiceError } from '../../../core/errors.ts'
import type { NamedHeads } from '../../nodes/named-heads.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { type BlockId, blockCall, parseHeader } from '../heads/headers.ts'
import { type CallAll, callAll, type Spellings } from './state-calls.ts'

/** How calls at one block are made, and what is known of contracts. */
export type Reader = {
  readonly named: NamedHeads
  readonly spellings: Spellings
  readonly at: BlockRef | 'latest'
  /** True: name the block by its number in the calls, and check its hash afterwards. */
  readonly byNumber?: boolean
}

/**
 * Makes calls at one block. `work` may make several, all at that block.
 * @throws NODE_BEHIND the node does not have that block as canonical; NODE_NO_STATE; NODE_*
 */
export async function readAtBlock<T>(
  session: RpcSession,
  reader: Reader,
  work: (call: CallAll) => Promise<T>,
): Promise<{ readonly block: BlockRef; readonly value: T }> {
  const { at, byNumber, named } = reader
  const block = at === 'latest' ? await newestBlock(session, named) : at
  const pin: BlockId = byNumber === true ? block.number : { hash: block.hash }
  const value = await work((calls) => callAll(session, calls, { block, pin }))
  if (byNumber === true) {
    const now = parseHeader(await session.call(blockCall(block.number)), block.number)
    if (now.hash !== block.hash) {
      throw new ServiceError('NODE_BEHIND', 'The block is not the canonical one', { fields: { block: block.number } })
    }
  }
  return { block, value }
}

async function newestBlock(session: RpcSession, named: NamedHeads): Promise<BlockRef> {
  const { number, hash } = parseHeader(await session.call(blockCall('latest')))
  named.note({ number, hash })
  return { number, hash }
}
