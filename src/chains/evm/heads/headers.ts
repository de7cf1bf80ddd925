import type { Header } from '../../../core/block.ts'
import { isCallError, ServiceError } from '../../../core/errors.ts'
import { isRecord } from '../../../core/is-record.ts'
import type { RpcCall, RpcOutcome } from '../../../net/json-rpc.ts'
import type { HeadCalls } from '../../nodes/read-heads.ts'
import { type RpcSession, retryingSession } from '../../nodes/session.ts'
import { isUnclassified } from '../words/faults.ts'
import { garbage, parseHash, parseNumber, quantity } from '../words/hex.ts'

/** Blocks in one batch: a block with its transactions' hashes is about 20 kB, so a batch is about 2 MB. */
const HEADERS_PER_BATCH = 100
/** Confirmations to use if a node has no finalized block: two epochs of Ethereum, the depth of its finality. */
const CONFIRMATIONS_WITHOUT_TAG = 64

/** The call for a block without its transactions, by number or by tag. */
export function blockCall(block: number | string): RpcCall {
  return { method: 'eth_getBlockByNumber', params: [typeof block === 'number' ? quantity(block) : block, false] }
}

/**
 * Parses the header from an answer to eth_getBlockByNumber or eth_getBlockByHash.
 * @throws NODE_BEHIND null: the node lacks the block; NODE_GARBAGE not a block, or not the one with `number`
 */
export function parseHeader(value: unknown, number?: number): Header {
  if (value === null) {
    throw new ServiceError('NODE_BEHIND', 'The node lacks a block', { fields: { block: number } })
  }
  if (!isRecord(value)) throw garbage('no block')
  const header = {
    number: parseNumber(value.number),
    hash: parseHash(value.hash),
    parentHash: parseHash(value.parentHash),
    timestamp: parseNumber(value.timestamp),
  }
  if (!isHeader(header)) throw garbage('a block without number, hash, parent or time')
  if (number !== undefined && header.number !== number) {
    throw garbage('another block', { asked: number, answered: header.number })
  }
  return header
}

/** A block without its transactions, with what is needed to check its logs. */
export type Block = Header & {
  /** 2048 bits as hex with `0x`; every address and topic of a log sets three. Undefined if the node sends none. */
  readonly bloom: string | undefined
  /** Hashes, in order. Undefined if the node sends none. */
  readonly transactions: readonly string[] | undefined
}

const BLOOM = /^0x[0-9a-fA-F]{512}$/

/**
 * Parses the block from an answer to eth_getBlockByNumber or eth_getBlockByHash without transactions.
 * @throws NODE_BEHIND null: the node lacks the block; NODE_GARBAGE not a block, or not the one with `number`
 */
export function parseBlock(value: unknown, number?: number): Block {
  const header = parseHeader(value, number)
  const { logsBloom, transactions } = isRecord(value) ? value : {}
  const bloom = typeof logsBloom === 'string' && BLOOM.test(logsBloom) ? logsBloom.toLowerCase() : undefined
  const hashes = Array.isArray(transactions) ? transactions.map(hashOfTransaction) : undefined
  return { ...header, bloom, transactions: hashes?.every((hash) => hash !== undefined) ? hashes : undefined }
}

/** Returns a transaction's hash. Accepts a full transaction too. */
function hashOfTransaction(transaction: unknown): string | undefined {
  return parseHash(isRecord(transaction) ? transaction.hash : transaction)
}

/** The call for a block without its transactions, by hash. */
export function blockOfHashCall(hash: string): RpcCall {
  return { method: 'eth_getBlockByHash', params: [hash, false] }
}

function isHeader(header: { [Key in keyof Header]: Header[Key] | undefined }): header is Header {
  return (
    header.number !== undefined &&
    header.hash !== undefined &&
    header.parentHash !== undefined &&
    header.timestamp !== undefined
  )
}

/**
 * Reads the headers of these blocks, in order. Does not check that they link.
 * @throws NODE_BEHIND, NODE_GARBAGE, NODE_*
 */
export function readHeaders(session: RpcSession, numbers: readonly number[]): Promise<Header[]> {
  return readAll(session, numbers, parseHeader)
}

/** Reads these blocks, in order. Does not check that they link. @throws NODE_BEHIND, NODE_GARBAGE, NODE_* */
export function readBlocks(session: RpcSession, numbers: readonly number[]): Promise<Block[]> {
  return readAll(session, numbers, parseBlock)
}

/**
 * Requests a block with its transactions, after the node failed for an unknown reason without them: other parts of a
 * node serve that request.
 * @throws `error` if no alternative applies, or it failed too
 */
async function headerOtherwise(session: RpcSession, number: number | undefined, error: ServiceError): Promise<unknown> {
  if (number === undefined || !isUnclassified(error)) throw error
  const [outcome] = await session.batch([{ method: 'eth_getBlockByNumber', params: [quantity(number), true] }])
  if (outcome?.ok === true) return outcome.result
  throw error
}

async function readAll<T>(
  session: RpcSession,
  numbers: readonly number[],
  parse: (value: unknown, number?: number) => T,
): Promise<T[]> {
  const parsed: T[] = []
  for (let at = 0; at < numbers.length; at += HEADERS_PER_BATCH) {
    const some = numbers.slice(at, at + HEADERS_PER_BATCH)
    const outcomes = await retryingSession(session, isUnclassified).batch(some.map(blockCall))
    for (const [index, outcome] of outcomes.entries()) {
      const number = some[index]
      parsed.push(parse(outcome.ok ? outcome.result : await headerOtherwise(session, number, outcome.error), number))
    }
  }
  return parsed
}

/** How the heads of an EVM node are read. */
export const HEAD_CALLS: HeadCalls = {
  newest: async (session) => {
    const [newest] = await session.batch([blockCall('latest')])
    return newestOf(session, newest)
  },
  newestAndTagged: async (session, tag) => {
    const [newest, tagged] = await session.batch([blockCall('latest'), blockCall(tag)])
    if (tagged === undefined) throw garbage('too little')
    return { latest: await newestOf(session, newest), tagged }
  },
  at: async (session, number) => parseHeader(await session.call(blockCall(number)), number),
  parse: (result) => parseHeader(result),
  lacksTag,
  confirmationsWithoutTag: CONFIRMATIONS_WITHOUT_TAG,
}

async function newestOf(session: RpcSession, newest: RpcOutcome | undefined): Promise<Header> {
  if (newest === undefined) throw garbage('too little')
  return newest.ok ? parseHeader(newest.result) : newestByNumber(session, newest.error)
}

/**
 * Reads the newest block by its number, for a node that fails to return it by its tag.
 * @throws `error` if that fails too
 */
export async function newestByNumber(session: RpcSession, error: ServiceError): Promise<Header> {
  if (!isCallError(error)) throw error
  const [outcome] = await session.batch([{ method: 'eth_blockNumber', params: [] }])
  const number = outcome?.ok === true ? parseNumber(outcome.result) : undefined
  const [header] = number === undefined ? [] : await readHeaders(session, [number])
  if (header === undefined) throw error
  return header
}

/** True if the node says that it does not know the tag, not that the request failed. */
function lacksTag(outcome: RpcOutcome): boolean {
  if (outcome.ok) return outcome.result === null
  return ['NODE_BEHIND', 'NODE_NO_METHOD', 'NODE_BLOCK_PARAMETER'].includes(outcome.error.code)
}
