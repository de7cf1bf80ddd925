import { assert } from '../../core/assert.ts'
import type { BlockRef, Header } from '../../core/block.ts'
import type { BlockTransfers, Transfer } from '../../core/transfer.ts'
import type { RpcSession } from '../../net/rpc.ts'
import type { FetchScope } from '../adapter.ts'
import { type DecodedBlock, decodeRange } from './blocks.ts'
import { checkRange } from './check-range.ts'
import { wholeRange } from './cut-answers.ts'
import { readHeaders } from './headers.ts'
import { garbage } from './hex.ts'
import type { LogWay } from './log-ways.ts'
import { type Answers, type BlockLogs, logsOfBlocks, type Range } from './logs.ts'
import { filtersOf, onlyEvents, wantedBy } from './scope.ts'
import { type Fetching, missingFrom, receiptsWhere, united } from './settle.ts'
import { type Suspicion, seenIn, suspicion } from './suspicion.ts'

/**
 * The transfers of a range of settled blocks, each block with its time; a sample of it is checked.
 * @throws RANGE_TOO_LARGE with field `suggested`; NODE_BEHIND the node's head is below `last`; NODE_*
 */
export async function readTransfers(
  session: RpcSession,
  range: Range,
  fetching: Fetching,
): Promise<readonly BlockTransfers[]> {
  const { scope, watch } = fetching
  const { answers, way } = await answersFor(session, range, fetching)
  const decoded = decodeRange(answers ?? [], range)
  watch.counts.skippedLogs += decoded.skipped
  const wanted = onlyWanted(decoded.blocks, scope)
  const { silent } = decoded
  const blocks = await checkRange(session, { range, blocks: wanted, silent, refused: answers === undefined }, fetching)
  if (way !== undefined) watch.ways.answered(session.label, scope, { ...range, ...way })
  const untimed = blocks.filter((block) => block.timestamp === undefined)
  const headers = await readHeaders(
    session,
    untimed.map((block) => block.number),
  )
  const byNumber = new Map(headers.map((header) => [header.number, header]))
  return blocks.map((block) => withTime(block, byNumber.get(block.number)))
}

/** A range's logs, asked by the best kind of filter that the node was not caught at; else none, so that receipts tell. */
async function answersFor(
  session: RpcSession,
  range: Range,
  { scope, watch }: Fetching,
): Promise<{ readonly answers: Answers; readonly way: LogWay | undefined }> {
  const [shape] = watch.ways.shapes(session.label, scope, 'number')
  if (shape === undefined) return { answers: undefined, way: undefined }
  const answers = await wholeRange(session, range, { filters: filtersOf(scope, shape), watch })
  return { answers: onlyEvents(answers, shape), way: { shape, by: 'number' } }
}

/** A node that does not know a filter leaves it out, and answers with more. */
function onlyWanted(blocks: readonly DecodedBlock[], scope: FetchScope): readonly DecodedBlock[] {
  if (scope.type === 'all') return blocks
  const wanted = wantedBy(scope)
  return blocks
    .map((block) => ({ ...block, transfers: block.transfers.filter(wanted) }))
    .filter(({ transfers }) => transfers.length > 0)
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

/**
 * The transfers of these very blocks, one entry a header, in order. Each answer is held against its block's bloom, and
 * settled by receipts where that says that logs are missing.
 * @throws NODE_BEHIND the node does not know one of them; NODE_*
 */
export async function readTransfersOf(
  session: RpcSession,
  headers: readonly Header[],
  fetching: Fetching,
): Promise<readonly BlockTransfers[]> {
  const { scope, watch } = fetching
  const wanted = wantedBy(scope)
  const found = await logsOfBlocks(session, { headers, scope, watch })
  const blocks = headers.map((header, place) => {
    const { block, skipped } = decodedOf(header, found[place]?.answers)
    watch.counts.skippedLogs += skipped
    return { ...header, transfers: block?.transfers.filter(wanted) ?? [] }
  })
  const doubtful = found.filter((one) => isDoubtful(session, one, fetching))
  const receipts = await receiptsWhere(session, doubtful, fetching)
  return blocks.map((block) => settled(session, block, { receipts: receipts.get(block.number), watch }))
}

function decodedOf(
  header: BlockRef,
  answers: readonly unknown[] | undefined,
): { block: DecodedBlock | undefined; skipped: number } {
  const { blocks, skipped } = decodeRange(answers ?? [], { first: header.number, last: header.number })
  const [block] = blocks
  if (block !== undefined && block.hash !== header.hash)
    throw garbage('logs of another block', { block: header.number })
  return { block, skipped }
}

function isDoubtful({ label }: RpcSession, { block, answers }: BlockLogs, { test, watch }: Fetching): boolean {
  if (answers === undefined) return true
  // What has no transactions has no receipts either.
  if (test === undefined || block.transactions?.length === 0) return false
  const doubt: Suspicion = suspicion(block.bloom, test, seenIn(answers, test))
  if (doubt === 'unusable') watch.tell(label, "a block's bloom tells nothing", { block: block.number })
  return doubt === 'strong' || (doubt === 'weak' && watch.followsWeak(label))
}

function settled(
  { label }: RpcSession,
  block: Header & { readonly transfers: readonly Transfer[] },
  { receipts, watch }: { receipts: readonly Transfer[] | undefined; watch: Fetching['watch'] },
): BlockTransfers {
  if (receipts === undefined) return block
  const transfers = missingFrom(block.transfers, receipts)
  if (transfers > 0) watch.repaired(label, { first: block.number, last: block.number, transfers })
  else watch.falseAlarm(label)
  return { ...block, transfers: united(block.transfers, receipts) }
}
