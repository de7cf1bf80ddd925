import type { BlockRef, Header } from '../../../core/block.ts'
import { ServiceError } from '../../../core/errors.ts'
import type { RpcCall } from '../../../net/json-rpc.ts'
import type { HeadCalls } from '../../nodes/read-heads.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { garbage } from '../words/faults.ts'
import { type BlockRecord, fieldIn, listIn, parseBlock } from '../words/records.ts'

/** Blocks in one answer: a record is about 1 kB. */
const RECORDS_PER_CALL = 500

/** A header, and whether its block has transactions: two of three have none. */
export type ChiaHeader = Header & { readonly hasTransactions: boolean }

/** The call for the node's newest block. */
export const STATE_CALL: RpcCall = { method: 'get_blockchain_state', params: {} }

/** The call for the canonical block with a number. */
export function blockCall(number: number): RpcCall {
  return { method: 'get_block_record_by_height', params: { height: number } }
}

/** Parses the answer to `STATE_CALL`. @throws NODE_BEHIND the node has no block yet */
export function parseHead(answer: unknown): BlockRecord {
  return parseBlock(fieldIn(fieldIn(answer, 'blockchain_state'), 'peak'))
}

/** Reads the canonical block with a number. @throws NODE_BEHIND */
export async function readBlock(session: RpcSession, number: number): Promise<BlockRecord> {
  const block = parseBlock(fieldIn(await session.call(blockCall(number)), 'block_record'))
  if (block.number !== number) throw garbage('another block')
  return block
}

/** Reads the headers of consecutive blocks, in order. Does not check that they link. @throws NODE_BEHIND, NODE_* */
export async function readHeaders(session: RpcSession, numbers: readonly number[]): Promise<readonly ChiaHeader[]> {
  const [first, last] = [numbers[0], numbers.at(-1)]
  if (first === undefined || last === undefined) return []
  const blocks = first === last ? [await readBlock(session, first)] : await readRecords(session, { first, last })
  return timed(session, blocks)
}

async function readRecords(session: RpcSession, { first, last }: { first: number; last: number }) {
  const calls: RpcCall[] = []
  for (let start = first; start <= last; start += RECORDS_PER_CALL) {
    const end = Math.min(last + 1, start + RECORDS_PER_CALL)
    calls.push({ method: 'get_block_records', params: { start, end } })
  }
  const outcomes = await session.batch(calls)
  const blocks = outcomes.flatMap((outcome) => {
    if (!outcome.ok) throw outcome.error
    return listIn(outcome.result, 'block_records').map(parseBlock)
  })
  // A node stops at its newest block.
  if (blocks.length < last - first + 1) throw new ServiceError('NODE_BEHIND', 'the node lacks some of the blocks')
  return blocks
}

/** Gives blocks without transactions the time of the newest block at or below them that has some. */
async function timed(session: RpcSession, blocks: readonly BlockRecord[]): Promise<readonly ChiaHeader[]> {
  const times = new Map<number, number>()
  for (const { number, timestamp } of blocks) if (timestamp !== undefined) times.set(number, timestamp)
  const missing = new Set<number>()
  for (const { timestamp, transactionsBelow } of blocks) {
    if (timestamp === undefined && !times.has(transactionsBelow)) missing.add(transactionsBelow)
  }
  for (const number of missing) {
    const { timestamp } = await readBlock(session, number)
    if (timestamp !== undefined) times.set(number, timestamp)
  }
  return blocks.map(({ number, hash, parentHash, timestamp, transactionsBelow }) => {
    const time = timestamp ?? times.get(transactionsBelow)
    if (time === undefined) throw garbage(`no time for block ${number}`)
    return { number, hash, parentHash, timestamp: time, hasTransactions: timestamp !== undefined }
  })
}

/** Reads the number and hash of the node's newest block. @throws NODE_BEHIND it has none yet; NODE_* */
export async function readHeadRef(session: RpcSession): Promise<BlockRef> {
  const { number, hash } = parseHead(await session.call(STATE_CALL))
  return { number, hash }
}

async function withTime(session: RpcSession, block: BlockRecord): Promise<ChiaHeader> {
  const [header] = await timed(session, [block])
  if (header === undefined) throw garbage('no block')
  return header
}

/** Chia has no tags. */
const NO_TAG = new ServiceError('NODE_NO_METHOD', 'blocks of Chia have no tags')

/** How a Chia node is asked for its heads. */
export const HEAD_CALLS: HeadCalls = {
  newest: async (session) => withTime(session, parseHead(await session.call(STATE_CALL))),
  newestAndTagged: async (session) => {
    const latest = await withTime(session, parseHead(await session.call(STATE_CALL)))
    return { latest, tagged: { ok: false, error: NO_TAG } }
  },
  at: async (session, number) => withTime(session, await readBlock(session, number)),
  parse: () => {
    throw NO_TAG
  },
  lacksTag: () => true,
  confirmationsWithoutTag: 32,
}
