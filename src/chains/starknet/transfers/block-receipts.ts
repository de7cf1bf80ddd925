import { ServiceError } from '../../../core/errors.ts'
import { isRecord } from '../../../core/is-record.ts'
import type { RpcCall } from '../../../net/json-rpc.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { blockParameter, parseHeader, type StarknetHeader } from '../heads/headers.ts'
import { garbage, parseHash } from '../words/felt.ts'
import { type BlockEvent, parseBody } from './raw-event.ts'

/** Blocks in one batch: a full block with its receipts is up to 4 MB. */
const BLOCKS_PER_BATCH = 4
const METHOD = 'starknet_getBlockWithReceipts'

/** A block with all its events, in order: an event's index is its position in the block. */
export type WholeBlock = { readonly header: StarknetHeader; readonly events: readonly BlockEvent[] }

/**
 * Reads these blocks with the receipts of all their transactions, those of reverted ones included: one entry per block,
 * in order.
 * @throws NODE_BEHIND the node lacks one of them; NODE_NO_RECEIPTS it lacks the method; NODE_GARBAGE, NODE_*
 */
export async function readBlockReceipts(
  session: RpcSession,
  blocks: readonly { readonly hash: string }[],
): Promise<readonly WholeBlock[]> {
  const read: WholeBlock[] = []
  for (let at = 0; at < blocks.length; at += BLOCKS_PER_BATCH) {
    const some = blocks.slice(at, at + BLOCKS_PER_BATCH)
    const outcomes = await session.batch(some.map(receiptsCall))
    for (const [index, outcome] of outcomes.entries()) {
      const block = some[index]
      if (block === undefined) throw garbage('too much')
      const answer = outcome.ok ? outcome.result : await readLarge(session, block, outcome.error)
      read.push(parseBlockReceipts(answer, block))
    }
  }
  return read
}

function receiptsCall({ hash }: { readonly hash: string }): RpcCall {
  return { method: METHOD, params: [blockParameter({ hash })] }
}

/** Reads one block alone, if its answer was over the usual limit of size. @throws `error` if that was not the reason */
async function readLarge(session: RpcSession, block: { readonly hash: string }, error: ServiceError): Promise<unknown> {
  if (error.code === 'NODE_NO_METHOD') {
    throw new ServiceError('NODE_NO_RECEIPTS', error.message, { cause: error, fields: error.fields })
  }
  if (error.code !== 'NODE_TOO_LARGE') throw error
  return session.call({ ...receiptsCall(block), large: true })
}

/**
 * Parses a block with its receipts. Checks the number of events, if the header states it.
 * @throws NODE_BEHIND it is only pre-confirmed; NODE_GARBAGE
 */
export function parseBlockReceipts(value: unknown, asked?: { readonly hash: string }): WholeBlock {
  const header = parseHeader(value, asked)
  const { transactions } = isRecord(value) ? value : {}
  if (!Array.isArray(transactions)) throw garbage('a block without transactions')
  const events: BlockEvent[] = []
  for (const transaction of transactions) {
    const receipt = isRecord(transaction) ? transaction.receipt : undefined
    if (!isRecord(receipt) || !Array.isArray(receipt.events)) throw garbage('a transaction without receipt')
    const transactionHash = parseHash(receipt.transaction_hash)
    if (transactionHash === undefined) throw garbage('a receipt without hash')
    for (const event of receipt.events) {
      const body = parseBody(event)
      if (body === undefined) throw garbage('something that is no event')
      events.push({ body, transactionHash })
    }
  }
  if (header.eventCount !== undefined && header.eventCount !== events.length) {
    const fields = { block: header.number, stated: header.eventCount, answered: events.length }
    throw garbage('receipts with another number of events than their block states', fields)
  }
  return { header, events }
}
