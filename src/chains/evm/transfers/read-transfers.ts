import { assert } from '../../../core/assert.ts'
import type { BlockRef, Header } from '../../../core/block.ts'
import type { BlockTransfers, Transfer } from '../../../core/transfer.ts'
import type { RpcSession } from '../../../net/session.ts'
import type { FetchScope } from '../../adapter.ts'
import { garbage } from '../words/hex.ts'
import { fetchLogsOfBlocks, fetchLogsOfRange } from './ask-logs.ts'
import { ANY_EVENT, rulesOut, type Suspicion, seenIn, suspicion } from './bloom-check.ts'
import { checkRange } from './check-range.ts'
import { type DecodedBlock, decodeRange } from './decode-range.ts'
import type { FilterKind } from './filter-kinds.ts'
import { wantedBy } from './log-filters.ts'
import { numbered } from './log-numbering.ts'
import { type TimedBlock, withTimes } from './log-times.ts'
import type { BlockLogs, Range } from './logs.ts'
import { type Fetching, missingFrom, receiptsWhere, united } from './receipts-fallback.ts'

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
  const { label } = session
  const { decoded, unproven, way, headers } = await fetchLogsOfRange(session, range, fetching)
  watch.counts.skippedLogs += decoded.skipped
  const wanted = onlyWanted(decoded.blocks, scope)
  const { silent } = decoded
  const checked = await checkRange(session, { range, blocks: wanted, silent, unproven, way }, fetching)
  const blocks = await numbered(session, checked, fetching)
  if (way !== undefined) watch.ways.answered(label, scope, { ...range, ...way })
  const timed = await withTimes(session, blocks, { range, headers, watch })
  return timed.map(blockOf)
}

/** A node that does not know a filter leaves it out, and answers with more. */
function onlyWanted(blocks: readonly DecodedBlock[], scope: FetchScope): readonly DecodedBlock[] {
  if (scope.type === 'all') return blocks
  const wanted = wantedBy(scope)
  return blocks
    .map((block) => ({ ...block, transfers: block.transfers.filter(wanted) }))
    .filter(({ transfers }) => transfers.length > 0)
}

function blockOf({ block, header, isRead }: TimedBlock): BlockTransfers {
  if (header !== undefined && header.hash !== block.hash) {
    throw garbage('logs and header of different blocks', { block: block.number })
  }
  const timestamp = header?.timestamp ?? block.timestamp
  assert(timestamp !== undefined, 'a block without a time had its header read')
  const { number, hash, transfers } = block
  return { number, hash, parentHash: isRead ? header?.parentHash : undefined, timestamp, transfers }
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
  const told = await fetchLogsOfBlocks(session, headers, fetching)
  const found = told.map((one) => proven(one, fetching))
  const decoded = headers.map((header, place) => decodedOf(header, found[place]?.answers))
  watch.counts.skippedLogs += decoded.reduce((sum, { skipped }) => sum + skipped, 0)
  const raw = decoded.flatMap(({ block }) => (block === undefined ? [] : [block]))
  const numberedBlocks = new Map((await numbered(session, raw, fetching)).map((block) => [block.number, block]))
  const blocks = headers.map((header) => {
    const { transfers } = numberedBlocks.get(header.number) ?? { transfers: [] }
    return { ...header, transfers: transfers.filter(wanted) }
  })
  const doubtful = found.filter((one) => isDoubtful(session, one, fetching))
  const receipts = await receiptsWhere(session, doubtful, fetching)
  for (const [place, { way }] of found.entries()) {
    const number = headers[place]?.number
    if (way !== undefined && number !== undefined) {
      watch.ways.answered(session.label, scope, { first: number, last: number, ...way })
    }
  }
  return blocks.map((block, place) => {
    const way = found[place]?.way
    return settled(session, block, { receipts: receipts.get(block.number), watch, way })
  })
}

/** A null is no list. Where the block's bloom proves that there are no logs, it means that; else receipts have to tell. */
function proven(logs: BlockLogs, { test }: Fetching): BlockLogs {
  if (logs.answers?.includes(null) !== true) return logs
  const { block } = logs
  const isEmpty = block.transactions?.length === 0 || rulesOut(block.bloom, test ?? ANY_EVENT)
  return { ...logs, answers: isEmpty ? logs.answers.map((answer) => answer ?? []) : undefined }
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
  {
    receipts,
    watch,
    way,
  }: { receipts: readonly Transfer[] | undefined; watch: Fetching['watch']; way: FilterKind | undefined },
): BlockTransfers {
  if (receipts === undefined) return block
  const { number } = block
  const transfers = missingFrom(block.transfers, receipts)
  if (transfers > 0) watch.repaired(label, { first: number, last: number, transfers })
  if (transfers > 0 && way !== undefined) watch.missedAt(label, { way, block: number })
  if (transfers === 0) watch.falseAlarm(label)
  return { ...block, transfers: united(block.transfers, receipts) }
}
