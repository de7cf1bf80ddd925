import type { BlockRef } from '../../../core/block.ts'
import { ServiceError } from '../../../core/errors.ts'
import { isRecord } from '../../../core/is-record.ts'
import { findOnNodes } from '../../nodes/find-on-nodes.ts'
import type { Rpc } from '../../nodes/rpc.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { garbage, parseHash, parseNumber } from '../words/hex.ts'

/**
 * Asks each node in turn for the block of a transaction, by the transaction's hash. Undefined: no node has it in a
 * block.
 * @throws NODE_*, ABORTED
 */
export function findTransactionBlock(rpc: Rpc, hash: string, signal: AbortSignal): Promise<BlockRef | undefined> {
  return findOnNodes(rpc, (session) => readTransactionBlock(session, hash), signal)
}

/** @throws NODE_BEHIND the node has no such transaction in a block; another node may. NODE_GARBAGE, NODE_* */
async function readTransactionBlock(session: RpcSession, hash: string): Promise<BlockRef> {
  const found = await session.call({ method: 'eth_getTransactionByHash', params: [hash] })
  if (found === null) throw new ServiceError('NODE_BEHIND', 'The node lacks a transaction')
  if (!isRecord(found)) throw garbage('no transaction')
  if (parseHash(found.hash) !== hash) throw garbage('another transaction')
  // Some nodes leave these out of a pending transaction.
  if ((found.blockHash ?? null) === null || (found.blockNumber ?? null) === null) {
    throw new ServiceError('NODE_BEHIND', 'The transaction is pending')
  }
  const block = { number: parseNumber(found.blockNumber), hash: parseHash(found.blockHash) }
  if (block.number === undefined || block.hash === undefined) throw garbage('a transaction without a block')
  return { number: block.number, hash: block.hash }
}
