import type { BlockRef } from '../../../core/block.ts'
import { isCallError, isServiceError, ServiceError } from '../../../core/errors.ts'
import { isRecord } from '../../../core/is-record.ts'
import type { BlockTransfers } from '../../../core/transfer.ts'
import type { RpcCall, RpcOutcome } from '../../../net/json-rpc.ts'
import type { FetchScope } from '../../adapter.ts'
import type { CoolDowns } from '../../nodes/cool-downs.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { type Block, blockOfHashCall, parseBlock } from '../heads/headers.ts'
import { isOdd } from '../words/faults.ts'
import { garbage, parseNumber, quantity } from '../words/hex.ts'
import { wantedBy } from './log-filters.ts'
import { decodeReceipts, ReceiptLogs } from './receipt-logs.ts'

/** Blocks whose receipts are requested in one batch: a full block has about 2 MB of JSON. */
const BLOCKS_PER_BATCH = 8
/** Single receipts requested at once, for a block whose receipts are over our size limit together. */
const SINGLES_PER_BATCH = 50
const METHOD = 'eth_getBlockReceipts'
/** Blocks whose receipts are requested. */
export type ReceiptsRequest = {
  readonly headers: readonly BlockRef[]
  readonly scope: FetchScope
  readonly coolDowns: CoolDowns
  /** Called if two logs of a node's receipts have one index. */
  readonly onMisnumbered?: () => void
}

/**
 * Reads the transfers of these blocks from the receipts of all their transactions: one entry per header, in order. The
 * number of receipts must match the number of transactions, so unlike an index of logs, the answer cannot be short. If
 * a node does not return a block's receipts together, they are requested one by one.
 * @throws NODE_BEHIND the node does not know one of the blocks; NODE_NO_RECEIPTS; NODE_*
 */
export async function readReceiptTransfers(
  session: RpcSession,
  { headers, scope, coolDowns, onMisnumbered: misnumbered }: ReceiptsRequest,
): Promise<readonly BlockTransfers[]> {
  const wanted = wantedBy(scope)
  const out: BlockTransfers[] = []
  for (let at = 0; at < headers.length; at += BLOCKS_PER_BATCH) {
    const some = headers.slice(at, at + BLOCKS_PER_BATCH)
    for (const { block, logs } of await readReceipts(session, some, coolDowns)) {
      confirmReady(session, { block, logs }, coolDowns)
      if (logs.misnumbered) misnumbered?.()
      const { number, hash, parentHash, timestamp } = block
      out.push({ number, hash, parentHash, timestamp, transfers: decodeReceipts(logs, block).filter(wanted) })
    }
  }
  return out
}

type Received = { readonly block: Block; readonly logs: ReceiptLogs }

/** A bloom of only zeros or only ones, as chains without blooms send it. */
const NO_BLOOM = /^0x(?:0*|f*)$/

/**
 * Some nodes have a block's receipts a moment before the logs in them; the bloom shows it. Throws once, so that the
 * receipts are requested again, from another node if there is one. The second answer is accepted, whatever the bloom.
 * @throws NODE_BEHIND
 */
function confirmReady({ label }: RpcSession, { block, logs }: Received, coolDowns: CoolDowns): void {
  if (logs.receipts === 0 || block.bloom === undefined || NO_BLOOM.test(block.bloom)) return
  if (logs.count > 0) return
  const key = `${label} ${block.hash}`
  if (coolDowns.isPaused(key)) return
  coolDowns.failed(key)
  throw new ServiceError('NODE_BEHIND', 'Receipts without logs, of a block that has some', {
    fields: { block: block.number },
  })
}

async function readReceipts(
  session: RpcSession,
  headers: readonly BlockRef[],
  coolDowns: CoolDowns,
): Promise<readonly Received[]> {
  const key = receiptsKey(session.label)
  const whole = !coolDowns.isPaused(key)
  const blockCalls = headers.map(({ hash }) => blockOfHashCall(hash))
  const outcomes = await batchOf(session, blockCalls, whole ? headers.map(receiptsCall) : [])
  const blocks = headers.map((header, index) => {
    const block = parseBlock(resultOf(outcomes[index]), header.number)
    if (block.hash !== header.hash) throw garbage('another block', { block: header.number })
    return block
  })
  const answers = outcomes.slice(headers.length)
  const refused = answers.some((answer) => !answer.ok && answer.error.code === 'NODE_NO_METHOD')
  if (whole && refused) coolDowns.failed(key)
  else if (answers.some(({ ok }) => ok)) coolDowns.answered(key)
  const received: Received[] = []
  for (const [index, block] of blocks.entries()) {
    received.push({ block, logs: decodeTogether(answers[index], block) ?? (await readSingly(session, block)) })
  }
  return received
}

/**
 * Requests the blocks with their receipts. If the whole batch fails, requests only the blocks; then the receipts are
 * requested one by one.
 */
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

// By number, since some nodes accept no hash here. Receipts carry their block's hash, so a receipt of another block is
// detected.
function receiptsCall({ number }: BlockRef): RpcCall {
  return { method: METHOD, params: [quantity(number)] }
}

/**
 * Returns the logs of a block's receipts that came in one answer; undefined if the answer is missing or malformed.
 * @throws NODE_BEHIND they are another block's; NODE_NO_RECEIPTS the node pruned them
 */
function decodeTogether(answer: RpcOutcome | undefined, block: Block): ReceiptLogs | undefined {
  if (answer === undefined || (!answer.ok && answer.error.code === 'NODE_NO_METHOD')) return undefined
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
  const transactionIndexOf = (receipt: unknown): number =>
    (isRecord(receipt) ? parseNumber(receipt.transactionIndex) : undefined) ?? Number.MAX_SAFE_INTEGER
  return transactionIndexOf(a) - transactionIndexOf(b)
}

/** Reads a block's receipts one by one, a few at a time, and keeps only the logs that matter. */
async function readSingly(session: RpcSession, block: Block): Promise<ReceiptLogs> {
  const logs = new ReceiptLogs(block)
  const hashes = transactionsOf(block)
  // The first receipt is requested alone: a node that has pruned one has pruned all.
  for (let at = 0; at < hashes.length; at += at === 0 ? 1 : SINGLES_PER_BATCH) {
    const some = hashes.slice(at, at + (at === 0 ? 1 : SINGLES_PER_BATCH))
    const calls = some.map((hash): RpcCall => ({ method: 'eth_getTransactionReceipt', params: [hash] }))
    for (const [index, outcome] of (await session.batch(calls)).entries()) {
      logs.add(await singleReceipt(session, { outcome, call: calls[index], block }))
    }
  }
  return logs
}

type Single = { readonly outcome: RpcOutcome; readonly call: RpcCall | undefined; readonly block: Block }

/** Returns one receipt. Requests it once more if it failed for an unknown reason. */
async function singleReceipt(session: RpcSession, { outcome, call, block }: Single): Promise<unknown> {
  const isUnknown = !outcome.ok && isOdd(outcome.error) && !isMissing(outcome.error)
  const [last] = isUnknown && call !== undefined ? await session.batch([call]) : [outcome]
  if (last?.ok === true && last.result === null) throw noReceipts(`not all receipts of block ${block.number}`)
  if (last?.ok === false && isCallError(last.error)) throw noReceipts(last.error.message)
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

/** True if the node lacks the method or has pruned the data. */
function isMissing(error: ServiceError): boolean {
  return error.code === 'NODE_NO_METHOD' || error.code === 'NODE_NO_STATE'
}

function noReceipts(reason: string): ServiceError {
  return new ServiceError('NODE_NO_RECEIPTS', reason)
}

/** The key of the cool-down for a node that does not return a block's receipts together. */
export function receiptsKey(label: string): string {
  return `${label} ${METHOD}`
}

/** True for the error of a node that does not keep receipts. */
export function lacksReceipts(error: unknown): error is ServiceError {
  return isServiceError(error, 'NODE_NO_RECEIPTS') || isServiceError(error, 'NODE_NO_LOGS')
}

/** Marks an error about missing receipts: the node refused the logs too, so there is no fallback. */
export function withRefusedLogs(error: ServiceError): ServiceError {
  return new ServiceError('NODE_NO_LOGS', error.message, { cause: error, fields: error.fields })
}

/** True for an error that `withRefusedLogs` made. */
export function hasRefusedLogs(error: unknown): boolean {
  return isServiceError(error, 'NODE_NO_LOGS')
}
