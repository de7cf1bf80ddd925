import type { BlockRef } from '../../core/block.ts'
import { isServiceError, ServiceError } from '../../core/errors.ts'
import type { BlockTransfers } from '../../core/transfer.ts'
import { isRecord, type RpcCall, type RpcOutcome } from '../../net/json-rpc.ts'
import type { RpcSession } from '../../net/rpc.ts'
import type { FetchScope } from '../adapter.ts'
import { decodeRange } from './blocks.ts'
import { type Block, blockOfHashCall, parseBlock } from './headers.ts'
import { garbage, parseHash, quantity } from './hex.ts'
import type { Refusals } from './refusals.ts'
import { isOfEvents, wantedBy } from './scope.ts'

/** Blocks whose receipts travel together: a full block's are about 2 MB of JSON. */
const BLOCKS_PER_BATCH = 8
const METHOD = 'eth_getBlockReceipts'
export type ReceiptsRequest = {
  readonly headers: readonly BlockRef[]
  readonly scope: FetchScope
  readonly refusals: Refusals
}

/**
 * The transfers of these very blocks from the receipts of all their transactions, one entry a header, in order. As many
 * receipts as the block has transactions, or it is an error: unlike an answer from an index of logs, it cannot be short.
 * @throws NODE_BEHIND the node does not know one of the blocks; NODE_RPC with `failure: no_receipts`; NODE_*
 */
export async function readReceiptTransfers(
  session: RpcSession,
  { headers, scope, refusals }: ReceiptsRequest,
): Promise<readonly BlockTransfers[]> {
  const wanted = wantedBy(scope)
  const out: BlockTransfers[] = []
  for (let at = 0; at < headers.length; at += BLOCKS_PER_BATCH) {
    const some = headers.slice(at, at + BLOCKS_PER_BATCH)
    for (const { block, receipts } of await receiptsOf(session, some, refusals)) {
      confirmReady(session, { block, receipts }, refusals)
      const { number, hash, parentHash, timestamp } = block
      const transfers = transfersIn(receipts, block).filter(wanted)
      out.push({ number, hash, parentHash, timestamp, transfers })
    }
  }
  return out
}

type Received = { readonly block: Block; readonly receipts: readonly unknown[] }

/** Bits that no log set, or all bits: what a chain sends that has no blooms. */
const NO_BLOOM = /^0x(?:0*|f*)$/

/**
 * Some nodes have a block's receipts a moment before the logs in them; its bloom tells. Asked again once, on another node
 * where there is one; what they then say is taken, whatever the bloom.
 * @throws NODE_BEHIND
 */
function confirmReady({ label }: RpcSession, { block, receipts }: Received, refusals: Refusals): void {
  if (receipts.length === 0 || block.bloom === undefined || NO_BLOOM.test(block.bloom)) return
  if (receipts.some((receipt) => isRecord(receipt) && Array.isArray(receipt.logs) && receipt.logs.length > 0)) return
  const key = `${label} ${block.hash}`
  if (refusals.isPaused(key)) return
  refusals.failed(key)
  throw new ServiceError('NODE_BEHIND', 'Receipts without logs, of a block that has some', {
    fields: { block: block.number },
  })
}

async function receiptsOf(
  session: RpcSession,
  headers: readonly BlockRef[],
  refusals: Refusals,
): Promise<readonly Received[]> {
  const key = receiptsKey(session.label)
  const whole = !refusals.isPaused(key)
  const blockCalls = headers.map(({ hash }) => blockOfHashCall(hash))
  const outcomes = await session.batch(whole ? [...blockCalls, ...headers.map(receiptsCall)] : blockCalls)
  const blocks = headers.map((header, place) => {
    const block = parseBlock(resultOf(outcomes[place]), header.number)
    if (block.hash !== header.hash) throw garbage('another block', { block: header.number })
    return block
  })
  const answers = outcomes.slice(headers.length)
  const refused = answers.some((answer) => !answer.ok && answer.error.fields.failure === 'no_method')
  if (whole && refused) refusals.failed(key)
  if (!whole || refused) return receiptsOneByOne(session, blocks)
  refusals.answered(key)
  return blocks.map((block, place) => ({ block, receipts: listOf(resultOf(answers[place]), block) }))
}

// By number: some nodes take no hash here. The receipts name their block, so another one's are recognised.
function receiptsCall({ number }: BlockRef): RpcCall {
  return { method: METHOD, params: [quantity(number)] }
}

async function receiptsOneByOne(session: RpcSession, blocks: readonly Block[]): Promise<readonly Received[]> {
  const calls = blocks.flatMap((block) =>
    transactionsOf(block).map((hash) => ({ method: 'eth_getTransactionReceipt', params: [hash] })),
  )
  const outcomes = calls.length === 0 ? [] : await session.batch(calls)
  let at = 0
  return blocks.map((block) => {
    const own = outcomes.slice(at, at + transactionsOf(block).length)
    at += own.length
    return { block, receipts: listOf(own.map(resultOf), block) }
  })
}

function transactionsOf(block: Block): readonly string[] {
  if (block.transactions === undefined) throw garbage('a block without its transactions', { block: block.number })
  return block.transactions
}

function resultOf(outcome: RpcOutcome | undefined): unknown {
  if (outcome === undefined) throw garbage('too little')
  if (outcome.ok) return outcome.result
  throw isMissing(outcome.error) ? noReceipts(outcome.error.message) : outcome.error
}

/** All receipts of a block. @throws where one is of another block, or one is missing */
function listOf(answer: unknown, block: Block): readonly unknown[] {
  // A node that knows a block but not what its transactions did has pruned that.
  if (answer === null) throw noReceipts(`no receipts of block ${block.number}`)
  if (!Array.isArray(answer)) throw garbage('no list of receipts', { block: block.number })
  for (const receipt of answer) {
    if (receipt === null) throw noReceipts(`not all receipts of block ${block.number}`)
    const hash = isRecord(receipt) ? parseHash(receipt.blockHash) : undefined
    if (hash === undefined) throw garbage('a receipt without a block', { block: block.number })
    if (hash !== block.hash) {
      const fields = { block: block.number }
      throw new ServiceError('NODE_BEHIND', 'The block is not the canonical one', { fields })
    }
  }
  // More is right on chains that keep receipts of what the protocol itself did.
  if (answer.length < transactionsOf(block).length) throw garbage('too few receipts', { block: block.number })
  return answer
}

function transfersIn(receipts: readonly unknown[], block: Block): BlockTransfers['transfers'] {
  const logs = receipts.flatMap((receipt) => {
    const own = isRecord(receipt) ? receipt.logs : undefined
    if (!Array.isArray(own)) throw garbage('a receipt without logs', { block: block.number })
    return own.filter(isOfEvents)
  })
  const [decoded] = decodeRange([logs], { first: block.number, last: block.number }).blocks
  if (decoded !== undefined && decoded.hash !== block.hash) throw garbage('logs of another block')
  return decoded?.transfers ?? []
}

/** No such method, or what it needs is pruned. */
function isMissing(error: ServiceError): boolean {
  return error.fields.failure === 'no_method' || error.fields.failure === 'no_state'
}

function noReceipts(reason: string): ServiceError {
  return new ServiceError('NODE_RPC', reason, { fields: { failure: 'no_receipts' } })
}

/** What a node's refusal of all receipts of a block is remembered by. */
export function receiptsKey(label: string): string {
  return `${label} ${METHOD}`
}

/** True for the error of a node that does not keep what a block's transactions did. */
export function lacksReceipts(error: unknown): boolean {
  return isServiceError(error, 'NODE_RPC') && error.fields.failure === 'no_receipts'
}
