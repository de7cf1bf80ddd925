import type { BlockRef } from '../../core/block.ts'
import { isServiceError, ServiceError } from '../../core/errors.ts'
import type { RpcCall, RpcOutcome } from '../../net/json-rpc.ts'
import type { RpcSession } from '../../net/rpc.ts'
import type { FetchScope } from '../adapter.ts'
import { failureOf } from './faults.ts'
import { type Block, blockCall, blockOfHashCall, parseBlock } from './headers.ts'
import { garbage, parseHash, parseNumber, quantity } from './hex.ts'
import type { LogWay } from './log-ways.ts'
import { type Filter, filtersOf, onlyEvents } from './scope.ts'
import type { NodeWatch } from './watch.ts'

/** Blocks, both ends included. */
export type Range = { readonly first: number; readonly last: number }

/** Answers to eth_getLogs, one a filter: untrusted. Undefined: one block's logs are more than the node answers with. */
export type Answers = readonly unknown[] | undefined

/**
 * Answers for a range. The head is asked in the same batch, before: an answer for blocks that the node lacks is short.
 * @throws RANGE_TOO_LARGE with field `suggested`; NODE_BEHIND the node's head is below `last`; NODE_*
 */
export async function logsOfRange(session: RpcSession, range: Range, filters: readonly Filter[]): Promise<Answers> {
  const [head, ...outcomes] = await session.batch([
    { method: 'eth_blockNumber', params: [] },
    ...filters.map((filter) => rangeCall(filter, range)),
  ])
  if (head === undefined || !head.ok) throw head?.error ?? garbage('too little')
  const number = parseNumber(head.result)
  if (number === undefined) throw garbage('no block number')
  if (number < range.last) {
    const fields = { head: number, asked: range.last }
    throw new ServiceError('NODE_BEHIND', `${session.label} is at block ${number}, asked for ${range.last}`, { fields })
  }
  try {
    return answersOf(outcomes)
  } catch (error) {
    throw isServiceError(error, 'NODE_TOO_LARGE') ? tooLarge(error, range) : error
  }
}

function rangeCall(filter: Filter, { first, last }: Range): RpcCall {
  return { method: 'eth_getLogs', params: [{ ...filter, fromBlock: quantity(first), toBlock: quantity(last) }] }
}

function answersOf(outcomes: readonly RpcOutcome[]): Answers {
  const answers: unknown[] = []
  for (const outcome of outcomes) {
    if (outcome.ok) answers.push(outcome.result)
    else if (failureOf(outcome.error) === 'too_much') return undefined
    else throw outcome.error
  }
  return answers
}

/**
 * The error to hand on for a range that failed: an answer over our cap, or out of time on every try, asks for a smaller
 * range; of one block there is none.
 */
export function tooLarge(error: unknown, range: Range): unknown {
  if (range.last <= range.first) return error
  if (!isServiceError(error, 'NODE_TOO_LARGE') && !isServiceError(error, 'NODE_TIMEOUT')) return error
  return new ServiceError('RANGE_TOO_LARGE', error.message, { cause: error, fields: { suggested: undefined } })
}

/** A block as the node knows it, and what it says of its logs. */
export type BlockLogs = { readonly block: Block; readonly answers: Answers }

/**
 * Answers for each of these very blocks, in order, each with its block, which is asked in the same batch: nodes exist
 * that answer `[]` for a hash that they never heard of.
 * @throws NODE_BEHIND the node does not know one of them, or another one has its number; NODE_*
 */
export async function logsOfBlocks(
  session: RpcSession,
  request: { readonly headers: readonly BlockRef[]; readonly scope: FetchScope; readonly watch: NodeWatch },
): Promise<readonly BlockLogs[]> {
  const { headers, scope, watch } = request
  const { label } = session
  const noteWay = (way: LogWay): void => {
    for (const { number } of headers) watch.ways.answered(label, scope, { first: number, last: number, ...way })
  }
  const key = `${label} logs by hash`
  const [shape] = watch.ways.shapes(label, scope, 'hash')
  if (shape !== undefined && !watch.refusals.isPaused(key)) {
    const found = await byHash(session, headers, filtersOf(scope, shape))
    if (found !== undefined) {
      noteWay({ shape, by: 'hash' })
      return found.map(({ block, answers }) => ({ block, answers: onlyEvents(answers, shape) }))
    }
    watch.refusals.failed(key)
    watch.tell(label, 'node takes no block hash for logs: asked by number')
  }
  const [other] = watch.ways.shapes(label, scope, 'number')
  if (other === undefined) return byNumber(session, headers, undefined)
  noteWay({ shape: other, by: 'number' })
  const found = await byNumber(session, headers, filtersOf(scope, other))
  return found.map(({ block, answers }) => ({ block, answers: onlyEvents(answers, other) }))
}

/** Undefined: the node does not take a hash there, or answers for another block. */
async function byHash(
  session: RpcSession,
  headers: readonly BlockRef[],
  filters: readonly Filter[],
): Promise<readonly BlockLogs[] | undefined> {
  const calls = headers.flatMap(({ hash }) => [
    blockOfHashCall(hash),
    ...filters.map((filter): RpcCall => ({ method: 'eth_getLogs', params: [{ ...filter, blockHash: hash }] })),
  ])
  const outcomes = await session.batch(calls)
  const found: BlockLogs[] = []
  for (const [place, header] of headers.entries()) {
    const at = place * (filters.length + 1)
    const block = blockFrom(outcomes[at])
    if (block.hash !== header.hash) throw garbage('another block', { block: header.number })
    const own = outcomes.slice(at + 1, at + 1 + filters.length)
    if (own.some((outcome) => !outcome.ok && outcome.error.fields.failure === 'block_parameter')) return undefined
    const answers = answersOf(own)
    if (answers?.some((answer) => isOfAnother(answer, block))) return undefined
    found.push({ block, answers })
  }
  return found
}

/** `filters` undefined: the node answers no kind of filter rightly, so that only the blocks are asked. */
async function byNumber(
  session: RpcSession,
  headers: readonly BlockRef[],
  filters: readonly Filter[] | undefined,
): Promise<readonly BlockLogs[]> {
  const own = filters ?? []
  const calls = headers.flatMap(({ number }) => [
    ...own.map((filter) => rangeCall(filter, { first: number, last: number })),
    blockCall(number),
  ])
  const outcomes = await session.batch(calls)
  return headers.map((header, place) => {
    const at = place * (own.length + 1)
    // The block is asked last: had a reorg come between, it would be another.
    const block = blockFrom(outcomes[at + own.length])
    const answers = filters === undefined ? undefined : answersOf(outcomes.slice(at, at + own.length))
    if (block.hash !== header.hash || answers?.some((answer) => isOfAnother(answer, block))) {
      const fields = { block: header.number }
      throw new ServiceError('NODE_BEHIND', 'The block is not the canonical one', { fields })
    }
    return { block, answers }
  })
}

function blockFrom(outcome: RpcOutcome | undefined): Block {
  if (outcome === undefined) throw garbage('too little')
  if (!outcome.ok) throw outcome.error
  return parseBlock(outcome.result)
}

function isOfAnother(answer: unknown, block: Block): boolean {
  const [log] = Array.isArray(answer) ? answer : []
  return typeof log === 'object' && log !== null && 'blockHash' in log && parseHash(log.blockHash) !== block.hash
}
