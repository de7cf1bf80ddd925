import { assert } from '../../core/assert.ts'
import type { Header } from '../../core/block.ts'
import { isServiceError, ServiceError } from '../../core/errors.ts'
import type { BlockTransfers } from '../../core/transfer.ts'
import type { RpcCall } from '../../net/json-rpc.ts'
import type { RpcSession } from '../../net/rpc.ts'
import type { AdapterCounts, FetchScope } from '../adapter.ts'
import { type DecodedBlock, decodeRange } from './blocks.ts'
import { blockOfHashCall, parseHeader, readHeaders } from './headers.ts'
import { garbage, parseNumber, quantity } from './hex.ts'
import { type Filter, filtersOf } from './scope.ts'

type Range = { readonly first: number; readonly last: number }

/**
 * The transfers of a range of settled blocks, each block with its time.
 * @throws RANGE_TOO_LARGE with field `suggested`; NODE_BEHIND the node's head is below `last`; NODE_*
 */
export async function readTransfers(
  session: RpcSession,
  request: { readonly range: Range; readonly scope: FetchScope; readonly counts: AdapterCounts },
): Promise<readonly BlockTransfers[]> {
  const { range } = request
  const answers = await readRange(session, range, filtersOf(request.scope))
  const { blocks, skipped } = decodeRange(answers, range)
  request.counts.skippedLogs += skipped
  const untimed = blocks.filter((block) => block.timestamp === undefined)
  const headers = await readHeaders(
    session,
    untimed.map((block) => block.number),
  )
  const byNumber = new Map(headers.map((header) => [header.number, header]))
  return blocks.map((block) => withTime(block, byNumber.get(block.number)))
}

function withTime(block: DecodedBlock, header: Header | undefined): BlockTransfers {
  if (header !== undefined && header.hash !== block.hash) {
    throw garbage('logs and header of different blocks', { block: block.number })
  }
  const timestamp = block.timestamp ?? header?.timestamp
  assert(timestamp !== undefined, 'a block without a time had its header read')
  const { number, hash, transfers } = block
  return { number, hash, parentHash: header?.parentHash, timestamp, transfers }
}

/** Answers of eth_getLogs, one a filter. The head is asked in the same batch, before: an answer for blocks that the node lacks is short. */
async function readRange(session: RpcSession, range: Range, filters: readonly Filter[]): Promise<unknown[]> {
  const asked: RpcCall[] = filters.map((filter) => ({
    method: 'eth_getLogs',
    params: [{ ...filter, fromBlock: quantity(range.first), toBlock: quantity(range.last) }],
  }))
  const [head, ...outcomes] = await session.batch([{ method: 'eth_blockNumber', params: [] }, ...asked])
  if (head === undefined || !head.ok) throw head?.error ?? garbage('too little')
  const number = parseNumber(head.result)
  if (number === undefined) throw garbage('no block number')
  if (number < range.last) {
    const fields = { head: number, asked: range.last }
    throw new ServiceError('NODE_BEHIND', `${session.label} is at block ${number}, asked for ${range.last}`, { fields })
  }
  return outcomes.map((outcome) => {
    if (outcome.ok) return outcome.result
    if (outcome.error.code === 'NODE_TOO_LARGE') throw tooLarge(outcome.error, range)
    throw outcome.error
  })
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
 * The transfers of these very blocks, one entry a header, in order.
 * @throws NODE_BEHIND the node does not know one of them; NODE_*
 */
export async function readTransfersOf(
  session: RpcSession,
  request: { readonly headers: readonly Header[]; readonly scope: FetchScope; readonly counts: AdapterCounts },
): Promise<readonly BlockTransfers[]> {
  const { headers } = request
  const filters = filtersOf(request.scope)
  const calls = headers.flatMap((header) =>
    filters.map((filter) => ({ method: 'eth_getLogs', params: [{ ...filter, blockHash: header.hash }] })),
  )
  const outcomes = await session.batch(calls)
  const blocks = headers.map((header, place) => {
    const own = outcomes.slice(place * filters.length, (place + 1) * filters.length)
    const answers = own.map((outcome) => {
      if (!outcome.ok) throw outcome.error
      return outcome.result
    })
    const { blocks, skipped } = decodeRange(answers, { first: header.number, last: header.number })
    const [block] = blocks
    if (block !== undefined && block.hash !== header.hash)
      throw garbage('logs of another block', { block: header.number })
    request.counts.skippedLogs += skipped
    return { ...header, transfers: block?.transfers ?? [] }
  })
  await confirmEmpty(
    session,
    blocks.filter((block) => block.transfers.length === 0),
  )
  return blocks
}

/** Nodes exist that answer `[]` for a hash they never heard of: an empty block is believed once the node knows it. */
async function confirmEmpty(session: RpcSession, empty: readonly Header[]): Promise<void> {
  if (empty.length === 0) return
  const calls = empty.map(({ hash }) => blockOfHashCall(hash))
  for (const [place, outcome] of (await session.batch(calls)).entries()) {
    const header = empty[place]
    if (!outcome.ok) throw outcome.error
    if (parseHeader(outcome.result, header?.number).hash !== header?.hash) throw garbage('another block')
  }
}
