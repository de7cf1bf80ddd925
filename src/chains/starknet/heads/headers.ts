import type { Header } from '../../../core/block.ts'
import { ServiceError } from '../../../core/errors.ts'
import { isRecord } from '../../../core/is-record.ts'
import type { RpcCall } from '../../../net/json-rpc.ts'
import type { HeadCalls } from '../../nodes/read-heads.ts'
import { type RpcSession, retryingSession } from '../../nodes/session.ts'
import { isOfOneMachine } from '../words/faults.ts'
import { garbage, parseHash, parseNumber } from '../words/felt.ts'

/** Blocks in one batch: a header with the hashes of 500 transactions is 40 kB, so a batch is at most 4 MB. */
const HEADERS_PER_BATCH = 100

/** A block's header, with what is needed to check its events. */
export type StarknetHeader = Header & {
  /** How many events the block has. Undefined if the node does not say. */
  readonly eventCount: number | undefined
  /** The root of the tree of the block's events, as a minimal felt. Undefined if the node does not say. */
  readonly eventCommitment: string | undefined
  /** Hashes, in order. Undefined if the node sends none. */
  readonly transactions: readonly string[] | undefined
}

/** Names a block in a call: by number, by tag (`latest`, `l1_accepted`), or by hash. */
export type BlockId = number | string | { readonly hash: string }

/** A block's parameter in a call. */
export function blockParameter(block: BlockId): unknown {
  if (typeof block === 'string') return block
  return typeof block === 'number' ? { block_number: block } : { block_hash: block.hash }
}

/** The call for a block with the hashes of its transactions. */
export function blockCall(block: BlockId): RpcCall {
  return { method: 'starknet_getBlockWithTxHashes', params: [blockParameter(block)] }
}

/**
 * Parses the header from an answer to getBlockWithTxHashes or getBlockWithReceipts.
 * @throws NODE_BEHIND the block is only pre-confirmed: it has no hash yet. NODE_GARBAGE not a block, or not `asked`
 */
export function parseHeader(value: unknown, asked?: BlockId): StarknetHeader {
  if (!isRecord(value)) throw garbage('no block')
  const { block_hash, status } = value
  if ((block_hash ?? null) === null || status === 'PRE_CONFIRMED') {
    const fields = { block: parseNumber(value.block_number) }
    throw new ServiceError('NODE_BEHIND', 'The block is only pre-confirmed', { fields })
  }
  const [number, timestamp] = [parseNumber(value.block_number), parseNumber(value.timestamp)]
  const hash = parseHash(block_hash)
  // The parent of block 0 is 0.
  const parentHash = parseHash(value.parent_hash) ?? (number === 0 ? '0x0' : undefined)
  if (number === undefined || hash === undefined || parentHash === undefined || timestamp === undefined) {
    throw garbage('a block without number, hash, parent or time')
  }
  if (typeof asked === 'number' && number !== asked) throw garbage('another block', { asked, answered: number })
  if (typeof asked === 'object' && hash !== asked.hash) {
    throw garbage('another block', { asked: asked.hash, answered: hash })
  }
  return { number, hash, parentHash, timestamp, ...eventFacts(value), transactions: hashesOf(value.transactions) }
}

/** Nodes that lack a block's commitments send a count of 0 and a commitment of 0x0, whatever the block has. */
function eventFacts(block: Readonly<Record<string, unknown>>): Pick<StarknetHeader, 'eventCount' | 'eventCommitment'> {
  const eventCommitment = parseHash(block.event_commitment)
  const count = parseNumber(block.event_count)
  const eventCount = count === 0 && eventCommitment === undefined ? undefined : count
  return { eventCount, eventCommitment }
}

/** Accepts hashes, full transactions, and transactions with receipts. */
function hashesOf(transactions: unknown): readonly string[] | undefined {
  if (!Array.isArray(transactions)) return undefined
  const hashes: string[] = []
  for (const transaction of transactions) {
    const hash = hashOf(transaction)
    if (hash === undefined) return undefined
    hashes.push(hash)
  }
  return hashes
}

function hashOf(transaction: unknown): string | undefined {
  if (!isRecord(transaction)) return parseHash(transaction)
  const { receipt, transaction_hash } = transaction
  return isRecord(receipt) ? parseHash(receipt.transaction_hash) : parseHash(transaction_hash)
}

/**
 * Reads the headers of these blocks, in order. Does not check that they link.
 * @throws NODE_BEHIND the node lacks one of them, or it is only pre-confirmed; NODE_GARBAGE, NODE_*
 */
export async function readHeaders(session: RpcSession, blocks: readonly BlockId[]): Promise<StarknetHeader[]> {
  const headers: StarknetHeader[] = []
  for (let at = 0; at < blocks.length; at += HEADERS_PER_BATCH) {
    const some = blocks.slice(at, at + HEADERS_PER_BATCH)
    const outcomes = await retryingSession(session, isOfOneMachine).batch(some.map(blockCall))
    for (const [index, outcome] of outcomes.entries()) {
      if (!outcome.ok) throw outcome.error
      headers.push(parseHeader(outcome.result, some[index]))
    }
  }
  return headers
}

/** The number of a block that every chain has. Without a block accepted on L1, only it is final: nothing is below it. */
const ONLY_FIRST_BLOCK = Number.POSITIVE_INFINITY

/** How a Starknet node is asked for its heads. */
export const HEAD_CALLS: HeadCalls = {
  newest: async (session) => parseHeader(await session.call(blockCall('latest'))),
  newestAndTagged: async (session, tag) => {
    const [newest, tagged] = await session.batch([blockCall('latest'), blockCall(tag)])
    if (newest === undefined || tagged === undefined) throw garbage('too little')
    if (!newest.ok) throw newest.error
    return { latest: parseHeader(newest.result), tagged }
  },
  at: async (session, number) => parseHeader(await session.call(blockCall(number)), number),
  parse: (result) => parseHeader(result),
  // All versions that we speak have the tag. A young chain has no block for it yet.
  lacksTag: (outcome) => !outcome.ok && outcome.error.code === 'NODE_BEHIND',
  confirmationsWithoutTag: ONLY_FIRST_BLOCK,
}
