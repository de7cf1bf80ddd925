import type { BlockRef, Header } from '../../../core/block.ts'
import { isServiceError, ServiceError } from '../../../core/errors.ts'
import type { RpcCall, RpcOutcome } from '../../../net/json-rpc.ts'
import type { ReadResult } from '../../../net/parse-answer-bytes.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { type Block, blockCall, blockOfHashCall, parseBlock, parseHeader } from '../heads/headers.ts'
import { isOdd } from '../words/faults.ts'
import { garbage, parseHash, parseNumber, quantity } from '../words/hex.ts'
import type { FilterKind } from './filter-kinds.ts'
import { type Filter, onlyEvents } from './log-filters.ts'

/** Blocks, both ends included. */
export type Range = { readonly first: number; readonly last: number }

/**
 * Answers to eth_getLogs, one per filter, untrusted. Undefined: one block has more logs than the node returns. An
 * answer may be null: some nodes send it instead of an empty list.
 */
export type Answers = readonly unknown[] | undefined

/** Answers for a range, and the requested headers that the node returned. */
export type RangeAnswers = { readonly answers: Answers; readonly headers: readonly Header[] }

/**
 * A request for a range. `headers`: numbers of blocks whose headers are requested in the same batch, to check the logs.
 */
export type RangeRequest = {
  readonly filters: readonly Filter[]
  readonly headers: readonly number[]
  /** Reads answers; those that it reads are its values. */
  readonly read?: ReadResult | undefined
}

/**
 * Requests the logs of a range. The same batch requests the head first, because the answer is short for blocks that the
 * node lacks.
 * @throws RANGE_TOO_LARGE with field `suggested`; NODE_BEHIND the node's head is below `last`; NODE_*
 */
export async function logsOfRange(
  session: RpcSession,
  range: Range,
  { filters, headers, read }: RangeRequest,
): Promise<RangeAnswers> {
  const plainCalls = callsOf(filters, range)
  const calls = read === undefined ? plainCalls : plainCalls.map((call) => ({ ...call, read }))
  const [head, ...outcomes] = await session.batch([
    { method: 'eth_blockNumber', params: [] },
    ...headers.map(blockCall),
    ...calls,
  ])
  if (head === undefined || !head.ok) throw head?.error ?? garbage('too little')
  const number = parseNumber(head.result)
  if (number === undefined) throw garbage('no block number')
  if (number < range.last) {
    const fields = { head: number, asked: range.last }
    throw new ServiceError('NODE_BEHIND', `${session.label} is at block ${number}, asked for ${range.last}`, { fields })
  }
  const own = outcomes.slice(headers.length)
  let answers: Answers
  try {
    answers = answersOf(range.first === range.last ? await retryLarge(session, own, calls) : own)
  } catch (error) {
    throw isServiceError(error, 'NODE_TOO_LARGE') ? tooLarge(error, range) : error
  }
  return { answers, headers: headers.flatMap((asked, index) => headerFrom(outcomes[index], asked) ?? []) }
}

/** Undefined: the node failed to return it. @throws NODE_BEHIND the node lacks the block */
function headerFrom(outcome: RpcOutcome | undefined, number: number): Header | undefined {
  try {
    return outcome?.ok === true ? parseHeader(outcome.result, number) : undefined
  } catch (error) {
    if (isOdd(error)) return undefined
    throw error
  }
}

/**
 * Requests answers over our size limit once more, alone and with a higher limit. An answer over that limit too is
 * reported as BLOCK_TOO_LARGE, as if the node had refused it.
 */
async function retryLarge(
  session: RpcSession,
  outcomes: readonly RpcOutcome[],
  calls: readonly RpcCall[],
): Promise<readonly RpcOutcome[]> {
  const out: RpcOutcome[] = []
  for (const [index, outcome] of outcomes.entries()) {
    const call = calls[index]
    const isOver = !outcome.ok && outcome.error.code === 'NODE_TOO_LARGE'
    const [again] = isOver && call !== undefined ? await session.batch([{ ...call, large: true }]) : []
    if (again?.ok === false && again.error.code === 'NODE_TOO_LARGE') {
      const { message, fields } = again.error
      out.push({ ok: false, error: new ServiceError('BLOCK_TOO_LARGE', message, { fields }) })
    } else {
      out.push(again ?? outcome)
    }
  }
  return out
}

function callsOf(filters: readonly Filter[], range: Range): readonly RpcCall[] {
  return filters.map((filter) => rangeCall(filter, range))
}

function rangeCall(filter: Filter, { first, last }: Range): RpcCall {
  return { method: 'eth_getLogs', params: [{ ...filter, fromBlock: quantity(first), toBlock: quantity(last) }] }
}

function answersOf(outcomes: readonly RpcOutcome[]): Answers {
  const answers: unknown[] = []
  for (const outcome of outcomes) {
    if (outcome.ok) answers.push(outcome.result)
    else if (outcome.error.code === 'BLOCK_TOO_LARGE') return undefined
    else throw outcome.error
  }
  return answers
}

/**
 * Returns the error for a range that failed. An answer over our size limit, or a timeout on every try, asks for a
 * smaller range. One block cannot be smaller, so its error is unchanged.
 */
export function tooLarge(error: unknown, range: Range): unknown {
  if (range.last <= range.first) return error
  if (!isServiceError(error, 'NODE_TOO_LARGE') && !isServiceError(error, 'NODE_TIMEOUT')) return error
  return new ServiceError('RANGE_TOO_LARGE', error.message, { cause: error, fields: { suggested: undefined } })
}

/**
 * A block with the node's answers for its logs. `kind`: the kind of filter that was answered; undefined: none was used.
 */
export type BlockLogs = { readonly block: Block; readonly answers: Answers; readonly kind: FilterKind | undefined }

/** A request for the logs of given blocks, with filters of one kind. */
export type BlocksRequest = {
  readonly headers: readonly BlockRef[]
  readonly filters: readonly Filter[]
  readonly kind: FilterKind
  /** True: keep the logs of other events too. */
  readonly keepsAll?: boolean
}

/**
 * Requests the logs of each of these blocks, in order. The same batch requests the block, since some nodes answer `[]`
 * for an unknown hash.
 * @throws NODE_BEHIND the node does not know one of them, or another one has its number; NODE_BLOCK_PARAMETER
 *   the node accepts no hash there, or answers for another block; NODE_*
 */
export function logsOfBlocks(session: RpcSession, request: BlocksRequest): Promise<readonly BlockLogs[]> {
  return request.kind.by === 'hash' ? byHash(session, request) : byNumber(session, request)
}

/** Requests these blocks without their logs; receipts must decide. @throws as `logsOfBlocks` */
export async function blocksAlone(session: RpcSession, headers: readonly BlockRef[]): Promise<readonly BlockLogs[]> {
  const outcomes = await session.batch(headers.map(({ hash }) => blockOfHashCall(hash)))
  return headers.map((header, index) => {
    const block = blockFrom(outcomes[index])
    if (block.hash !== header.hash) throw garbage('another block', { block: header.number })
    return { block, answers: undefined, kind: undefined }
  })
}

async function byHash(
  session: RpcSession,
  { headers, filters, kind, keepsAll }: BlocksRequest,
): Promise<readonly BlockLogs[]> {
  const logsCalls = headers.map(({ hash }) =>
    filters.map((filter): RpcCall => ({ method: 'eth_getLogs', params: [{ ...filter, blockHash: hash }] })),
  )
  const calls = headers.flatMap(({ hash }, index) => [blockOfHashCall(hash), ...(logsCalls[index] ?? [])])
  const outcomes = await session.batch(calls)
  const found: BlockLogs[] = []
  for (const [index, header] of headers.entries()) {
    const at = index * (filters.length + 1)
    const block = blockFrom(outcomes[at])
    if (block.hash !== header.hash) throw garbage('another block', { block: header.number })
    const own = outcomes.slice(at + 1, at + 1 + filters.length)
    const answers = answersOf(await retryLarge(session, own, logsCalls[index] ?? []))
    if (answers?.some((answer) => isOfAnother(answer, block))) {
      throw new ServiceError('NODE_BLOCK_PARAMETER', 'The node answers logs of another block', {
        fields: { block: header.number },
      })
    }
    found.push({ block, answers: keepsAll === true ? answers : onlyEvents(answers, kind.shape), kind })
  }
  return found
}

async function byNumber(
  session: RpcSession,
  { headers, filters, kind, keepsAll }: BlocksRequest,
): Promise<readonly BlockLogs[]> {
  const calls = headers.flatMap(({ number }) => [
    ...callsOf(filters, { first: number, last: number }),
    blockCall(number),
  ])
  const outcomes = await session.batch(calls)
  const found: BlockLogs[] = []
  for (const [index, header] of headers.entries()) {
    const at = index * (filters.length + 1)
    // The block is requested last: after a reorg in between, it would be another block.
    const block = blockFrom(outcomes[at + filters.length])
    const own = outcomes.slice(at, at + filters.length)
    const range = { first: header.number, last: header.number }
    const answers = answersOf(await retryLarge(session, own, callsOf(filters, range)))
    if (block.hash !== header.hash || answers?.some((answer) => isOfAnother(answer, block))) {
      const fields = { block: header.number }
      throw new ServiceError('NODE_BEHIND', 'The block is not the canonical one', { fields })
    }
    found.push({ block, answers: keepsAll === true ? answers : onlyEvents(answers, kind.shape), kind })
  }
  return found
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
