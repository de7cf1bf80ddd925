import type { BlockRef } from '../../../core/block.ts'
import { isServiceError, ServiceError } from '../../../core/errors.ts'
import type { BlockTransfers } from '../../../core/transfer.ts'
import { isRecord, type RpcCall, type RpcOutcome } from '../../../net/json-rpc.ts'
import type { RpcSession } from '../../../net/session.ts'
import type { FetchScope } from '../../adapter.ts'
import { type Block, blockOfHashCall, parseBlock } from '../heads/headers.ts'
import { isOdd } from '../words/faults.ts'
import { garbage, parseNumber, quantity } from '../words/hex.ts'
import type { Refusals } from '../words/refusals.ts'
import { wantedBy } from './log-filters.ts'
import { decodeReceipts, ReceiptLogs } from './receipt-logs.ts'

/** Blocks whose receipts travel together: a full block's are about 2 MB of JSON. */
const BLOCKS_PER_BATCH = 8
/** Single receipts that are held at once: of a block whose receipts together are over our cap. */
const SINGLES_PER_BATCH = 50
const METHOD = 'eth_getBlockReceipts'
export type ReceiptsRequest = {
  readonly headers: readonly BlockRef[]
  readonly scope: FetchScope
  readonly refusals: Refusals
  /** Called where a node's receipts place two logs at one index. */
  readonly misnumbered?: () => void
}

/**
 * The transfers of these very blocks from the receipts of all their transactions, one entry a header, in order. As many
 * receipts as the block has transactions, or it is an error: unlike an answer from an index of logs, it cannot be short.
 * A block's receipts that a node does not give together are asked one by one.
 * @throws NODE_BEHIND the node does not know one of the blocks; NODE_RPC with `failure: no_receipts`; NODE_*
 */
export async function readReceiptTransfers(
  session: RpcSession,
  { headers, scope, refusals, misnumbered }: ReceiptsRequest,
): Promise<readonly BlockTransfers[]> {
  const wanted = wantedBy(scope)
  const out: BlockTransfers[] = []
  for (let at = 0; at < headers.length; at += BLOCKS_PER_BATCH) {
    const some = headers.slice(at, at + BLOCKS_PER_BATCH)
    for (const { block, logs } of await receiptsOf(session, some, refusals)) {
      confirmReady(session, { block, logs }, refusals)
      if (logs.misnumbered) misnumbered?.()
      const { number, hash, parentHash, timestamp } = block
      out.push({ number, hash, parentHash, timestamp, transfers: decodeReceipts(logs, block).filter(wanted) })
    }
  }
  return out
}

type Received = { readonly block: Block; readonly logs: ReceiptLogs }

/** Bits that no log set, or all bits: what a chain sends that has no blooms. */
const NO_BLOOM = /^0x(?:0*|f*)$/

/**
 * Some nodes have a block's receipts a moment before the logs in them; its bloom tells. Asked again once, on another node
 * where there is one; what they then say is taken, whatever the bloom.
 * @throws NODE_BEHIND
 */
function confirmReady({ label }: RpcSession, { block, logs }: Received, refusals: Refusals): void {
  if (logs.receipts === 0 || block.bloom === undefined || NO_BLOOM.test(block.bloom)) return
  if (logs.count > 0) return
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
  const outcomes = await batchOf(session, blockCalls, whole ? headers.map(receiptsCall) : [])
  const blocks = headers.map((header, place) => {
    const block = parseBlock(resultOf(outcomes[place]), header.number)
    if (block.hash !== header.hash) throw garbage('another block', { block: header.number })
    return block
  })
  const answers = outcomes.slice(headers.length)
  const refused = answers.some((answer) => !answer.ok && answer.error.fields.failure === 'no_method')
  if (whole && refused) refusals.failed(key)
  else if (answers.some(({ ok }) => ok)) refusals.answered(key)
  const received: Received[] = []
  for (const [place, block] of blocks.entries()) {
    received.push({ block, logs: receivedTogether(answers[place], block) ?? (await receivedApart(session, block)) })
  }
  return received
}

/** Blocks with their receipts; where all together fail, the blocks alone, so that the receipts are asked one by one. */
async function batchOf(
  session: RpcSession,
  blockCalls: readonly RpcCall[],
  receiptsCalls: readonly RpcCall[],
): Promise<readonly RpcOutcome[]> {
  try {
    return await session.batch([...blockCalls, ...receiptsCalls])
  } catch (error) {
    if (!isOdd(error) || receiptsCalls.length === 0) throw error
    return session.batch(blockCalls)
  }
}

// By number: some nodes take no hash here. The receipts name their block, so another one's are recognised.
function receiptsCall({ number }: BlockRef): RpcCall {
  return { method: METHOD, params: [quantity(number)] }
}

/**
 * The logs of a block's receipts that came together; undefined where they did not come, or not as they should.
 * @throws NODE_BEHIND they are another block's; NODE_RPC with `failure: no_receipts` the node says that it pruned them
 */
function receivedTogether(answer: RpcOutcome | undefined, block: Block): ReceiptLogs | undefined {
  if (answer === undefined || (!answer.ok && answer.error.fields.failure === 'no_method')) return undefined
  try {
    const receipts = resultOf(answer)
    if (!Array.isArray(receipts) || receipts.length < transactionsOf(block).length) return undefined
    const logs = new ReceiptLogs(block)
    for (const receipt of [...receipts].sort(byTransaction)) logs.add(receipt)
    return logs
  } catch (error) {
    if (!isOdd(error)) throw error
    return undefined
  }
}

function byTransaction(a: unknown, b: unknown): number {
  const placeOf = (receipt: unknown): number =>
    (isRecord(receipt) ? parseNumber(receipt.transactionIndex) : undefined) ?? Number.MAX_SAFE_INTEGER
  return placeOf(a) - placeOf(b)
}

/** A block's receipts one by one, a few at a time, of which only the logs that matter are kept. */
async function receivedApart(session: RpcSession, block: Block): Promise<ReceiptLogs> {
  const logs = new ReceiptLogs(block)
  const hashes = transactionsOf(block)
  // One alone tells whether there are any: a node that has pruned one has pruned all.
  for (let at = 0; at < hashes.length; at += at === 0 ? 1 : SINGLES_PER_BATCH) {
    const some = hashes.slice(at, at + (at === 0 ? 1 : SINGLES_PER_BATCH))
    const calls = some.map((hash): RpcCall => ({ method: 'eth_getTransactionReceipt', params: [hash] }))
    for (const [place, outcome] of (await session.batch(calls)).entries()) {
      logs.add(await singleOf(session, { outcome, call: calls[place], block }))
    }
  }
  return logs
}

type Single = { readonly outcome: RpcOutcome; readonly call: RpcCall | undefined; readonly block: Block }

/** One receipt, asked twice where it failed in a way that nobody knows. */
async function singleOf(session: RpcSession, { outcome, call, block }: Single): Promise<unknown> {
  const isUnknown = !outcome.ok && isOdd(outcome.error) && !isMissing(outcome.error)
  const [last] = isUnknown && call !== undefined ? await session.batch([call]) : [outcome]
  if (last?.ok === true && last.result === null) throw noReceipts(`not all receipts of block ${block.number}`)
  if (last?.ok === false && last.error.code === 'NODE_RPC') throw noReceipts(last.error.message)
  return resultOf(last)
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
export function lacksReceipts(error: unknown): error is ServiceError {
  return isServiceError(error, 'NODE_RPC') && error.fields.failure === 'no_receipts'
}

/** The error of receipts that are missing where the node refused the logs too, so that there is nothing to be taken. */
export function refusedToo(error: ServiceError): ServiceError {
  return new ServiceError(error.code, error.message, { cause: error, fields: { ...error.fields, refused: true } })
}

/** True for what `refusedToo` made. */
export function isRefused(error: unknown): boolean {
  return isServiceError(error) && error.fields.refused === true
}
