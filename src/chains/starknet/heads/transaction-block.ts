import type { BlockRef } from '../../../core/block.ts'
import { ServiceError } from '../../../core/errors.ts'
import { isRecord } from '../../../core/is-record.ts'
import { findOnNodes } from '../../nodes/find-on-nodes.ts'
import type { Rpc } from '../../nodes/rpc.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { garbage, minimalFelt, parseHash, parseNumber } from '../words/felt.ts'

/**
 * Asks each node in turn for the block of a transaction, by the transaction's hash in any spelling. Undefined: no node
 * has it in a block, or the text is no hash.
 * @throws NODE_*, ABORTED
 */
export async function findTransactionBlock(rpc: Rpc, text: string, signal: AbortSignal): Promise<BlockRef | undefined> {
  const hash = parseHash(text)
  if (hash === undefined) return undefined
  return findOnNodes(rpc, (session) => readTransactionBlock(session, hash), signal)
}

/** @throws NODE_BEHIND the node has no such transaction in a block; another node may. NODE_GARBAGE, NODE_* */
export async function readTransactionBlock(session: RpcSession, hash: string): Promise<BlockRef> {
  // The specification wants the parameters of this method by name, and some nodes refuse others.
  const params = { transaction_hash: hash }
  const found = await session.call({ method: 'starknet_getTransactionReceipt', params })
  if (!isRecord(found)) throw garbage('no receipt')
  if (minimalFelt(found.transaction_hash) !== hash) throw garbage('the receipt of another transaction')
  if ((found.block_hash ?? null) === null) {
    throw new ServiceError('NODE_BEHIND', 'The transaction is only pre-confirmed')
  }
  const block = { number: parseNumber(found.block_number), hash: parseHash(found.block_hash) }
  if (block.number === undefined || block.hash === undefined) throw garbage('a receipt without a block')
  return { number: block.number, hash: block.hash }
}
