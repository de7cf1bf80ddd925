import type { BlockRef, Header } from '../../../core/block.ts'
import { isServiceError, ServiceError } from '../../../core/errors.ts'
import type { RpcCall, RpcOutcome } from '../../../net/json-rpc.ts'
import type { RpcSession } from '../../../net/session.ts'
import { type Block, blockCall, blockOfHashCall, parseBlock, parseHeader } from '../heads/headers.ts'
import { failureOf, isOdd } from '../words/faults.ts'
import { garbage, parseHash, parseNumber, quantity } from '../words/hex.ts'
import type { FilterKind } from './filter-kinds.ts'
import { type Filter, onlyEvents } from './log-filters.ts'

/** Blocks, both ends included. */
export type Range = { readonly first: number; readonly last: number }

/**
 * Answers to eth_getLogs, one a filter: untrusted. Undefined: one block's logs are more than the node answers with. A null
 * among them is no list: some nodes say so that they have none.
 */
export type Answers = readonly unknown[] | undefined

/** Answers for a range, and those headers of it that were asked beside, as far as the node gave them. */
export type RangeAnswers = { readonly answers: Answers; readonly headers: readonly Header[] }

/** What is asked of a range. `headers`: numbers of blocks whose headers are asked beside, to check what logs say of blocks. */
export type RangeRequest = { readonly filters: readonly Filter[]; readonly headers: readonly number[] }

/**
 * Answers for a range. The head is asked in the same batch, before: an answer for blocks that the node lacks is short.
 * @throws RANGE_TOO_LARGE with field `suggested`; NODE_BEHIND the node's head is below `last`; NODE_*
 */
export async function logsOfRange(
  session: RpcSession,
  range: Range,
  { filters, headers }: RangeRequest,
): Promise<RangeAnswers> {
  const [head, ...outcomes] = await session.batch([
    { method: 'eth_blockNumber', params: [] },
    ...headers.map(blockCall),
    ...callsOf(filters, range),
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
    answers = answersOf(range.first === range.last ? await enlarged(session, own, callsOf(filters, range)) : own)
  } catch (error) {
    throw isServiceError(error, 'NODE_TOO_LARGE') ? tooLarge(error, range) : error
  }
  return { answers, headers: headers.flatMap((asked, place) => headerFrom(outcomes[place], asked) ?? []) }
}

/** Undefined: the node failed to give it. @throws NODE_BEHIND the node lacks the block */
function headerFrom(outcome: RpcOutcome | undefined, number: number): Header | undefined {
  try {
    return outcome?.ok === true ? parseHeader(outcome.result, number) : undefined
  } catch (error) {
    if (isOdd(error)) return undefined
    throw error
  }
}

/**
 * Outcomes of one block's logs, of which those that are over our cap are asked again, alone and with a higher one. What is
 * over that too is too much, as where the node says so.
 */
async function enlarged(
  session: RpcSession,
  outcomes: readonly RpcOutcome[],
  calls: readonly RpcCall[],
): Promise<readonly RpcOutcome[]> {
  const out: RpcOutcome[] = []
  for (const [place, outcome] of outcomes.entries()) {
    const call = calls[place]
    const isOver = !outcome.ok && outcome.error.code === 'NODE_TOO_LARGE'
    const [again] = isOver && call !== undefined ? await session.batch([{ ...call, large: true }]) : []
    if (again?.ok === false && again.error.code === 'NODE_TOO_LARGE') {
      const fields = { ...again.error.fields, failure: 'too_much' }
      out.push({ ok: false, error: new ServiceError('NODE_RPC', again.error.message, { fields }) })
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

/**
 * A block as the node knows it, and what it says of its logs, with the kind of filter that was answered. Undefined `way`: none
 * was asked.
 */
export type BlockLogs = { readonly block: Block; readonly answers: Answers; readonly way: FilterKind | undefined }

/** Blocks whose logs are asked by filters of one kind. */
export type BlocksRequest = {
  readonly headers: readonly BlockRef[]
  readonly filters: readonly Filter[]
  readonly way: FilterKind
  /** Logs of other events are wanted too. */
  readonly keepsAll?: boolean
}

/**
 * Answers for each of these very blocks, in order, each with its block, which is asked in the same batch: nodes exist
 * that answer `[]` for a hash that they never heard of.
 * @throws NODE_BEHIND the node does not know one of them, or another one has its number; NODE_RPC with `failure:
 *   block_parameter` it takes no hash there, or answers for another block; NODE_*
 */
export function logsOfBlocks(session: RpcSession, request: BlocksRequest): Promise<readonly BlockLogs[]> {
  return request.way.by === 'hash' ? byHash(session, request) : byNumber(session, request)
}

/** These very blocks without their logs, for receipts to tell. @throws as `logsOfBlocks` */
export async function blocksAlone(session: RpcSession, headers: readonly BlockRef[]): Promise<readonly BlockLogs[]> {
  const outcomes = await session.batch(headers.map(({ hash }) => blockOfHashCall(hash)))
  return headers.map((header, place) => {
    const block = blockFrom(outcomes[place])
    if (block.hash !== header.hash) throw garbage('another block', { block: header.number })
    return { block, answers: undefined, way: undefined }
  })
}

async function byHash(
  session: RpcSession,
  { headers, filters, way, keepsAll }: BlocksRequest,
): Promise<readonly BlockLogs[]> {
  const logsCalls = headers.map(({ hash }) =>
    filters.map((filter): RpcCall => ({ method: 'eth_getLogs', params: [{ ...filter, blockHash: hash }] })),
  )
  const calls = headers.flatMap(({ hash }, place) => [blockOfHashCall(hash), ...(logsCalls[place] ?? [])])
  const outcomes = await session.batch(calls)
  const found: BlockLogs[] = []
  for (const [place, header] of headers.entries()) {
    const at = place * (filters.length + 1)
    const block = blockFrom(outcomes[at])
    if (block.hash !== header.hash) throw garbage('another block', { block: header.number })
    const own = outcomes.slice(at + 1, at + 1 + filters.length)
    const answers = answersOf(await enlarged(session, own, logsCalls[place] ?? []))
    if (answers?.some((answer) => isOfAnother(answer, block))) {
      throw new ServiceError('NODE_RPC', 'The node answers logs of another block', {
        fields: { block: header.number, failure: 'block_parameter' },
      })
    }
    found.push({ block, answers: keepsAll === true ? answers : onlyEvents(answers, way.shape), way })
  }
  return found
}

async function byNumber(
  session: RpcSession,
  { headers, filters, way, keepsAll }: BlocksRequest,
): Promise<readonly BlockLogs[]> {
  const calls = headers.flatMap(({ number }) => [
    ...callsOf(filters, { first: number, last: number }),
    blockCall(number),
  ])
  const outcomes = await session.batch(calls)
  const found: BlockLogs[] = []
  for (const [place, header] of headers.entries()) {
    const at = place * (filters.length + 1)
    // The block is asked last: had a reorg come between, it would be another.
    const block = blockFrom(outcomes[at + filters.length])
    const own = outcomes.slice(at, at + filters.length)
    const range = { first: header.number, last: header.number }
    const answers = answersOf(await enlarged(session, own, callsOf(filters, range)))
    if (block.hash !== header.hash || answers?.some((answer) => isOfAnother(answer, block))) {
      const fields = { block: header.number }
      throw new ServiceError('NODE_BEHIND', 'The block is not the canonical one', { fields })
    }
    found.push({ block, answers: keepsAll === true ? answers : onlyEvents(answers, way.shape), way })
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
