import { assert } from '../../../core/assert.ts'
import type { BlockRef, Header } from '../../../core/block.ts'
import type { BlockTransfers, Transfer } from '../../../core/transfer.ts'
import type { FetchScope } from '../../adapter.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { hasOnlyTokens } from '../scan/scanned-block.ts'
import { garbage } from '../words/hex.ts'
import { addTimes, type TimedBlock } from './add-times.ts'
import { ANY_EVENT, type BloomResult, checkBloom, rulesOut, valuesIn } from './bloom-check.ts'
import { checkRange } from './check-range.ts'
import { type DecodedBlock, decodeRange } from './decode-range.ts'
import { fetchLogsOfBlocks, fetchLogsOfRange } from './fetch-logs.ts'
import type { FilterKind } from './filter-kinds.ts'
import { wantedBy } from './log-filters.ts'
import type { BlockLogs, Range } from './logs.ts'
import { numberLogs } from './number-logs.ts'
import { countMissing, type FetchOptions, mergeTransfers, transfersFromReceipts } from './receipts-fallback.ts'

/**
 * Reads the transfers of a range of old blocks, each block with its time. Checks a sample of the blocks.
 * @throws RANGE_TOO_LARGE with field `suggested`; NODE_BEHIND the node's head is below `last`; NODE_*
 */
export async function readTransfers(
  session: RpcSession,
  range: Range,
  options: FetchOptions,
): Promise<readonly BlockTransfers[]> {
  return (await readTimedBlocks(session, range, options)).map(blockOf)
}

/** As `readTransfers`, of blocks whose transfers may not be objects yet. */
export async function readTimedBlocks(
  session: RpcSession,
  range: Range,
  options: FetchOptions,
): Promise<readonly TimedBlock[]> {
  const { scope, trust } = options
  const { label } = session
  const { decoded, unproven, kind, headers } = await fetchLogsOfRange(session, range, options)
  trust.counts.skippedLogs += decoded.skipped
  const wanted = onlyWanted(decoded.blocks, scope)
  const { undecoded } = decoded
  const checked = await checkRange(session, { range, blocks: wanted, undecoded, unproven, kind }, options)
  const blocks = await numberLogs(session, checked, options)
  if (kind !== undefined) trust.filterKinds.noteAnswered(label, scope, { ...range, ...kind })
  return addTimes(session, blocks, { range, headers, watch: trust })
}

/** Drops unwanted transfers: a node that ignores a filter returns more. */
function onlyWanted(blocks: readonly DecodedBlock[], scope: FetchScope): readonly DecodedBlock[] {
  if (scope.type === 'all') return blocks
  const wanted = wantedBy(scope)
  const isWhole = hasOnlyTokens(scope.type === 'tokens' ? scope.tokens : [])
  return blocks.flatMap((block) => {
    if (isWhole(block)) return [block]
    const transfers = block.transfers.filter(wanted)
    return transfers.length === 0 ? [] : [{ ...block, transfers }]
  })
}

/** Returns a block with its transfers and its time. @throws NODE_GARBAGE its header is another block's */
export function blockOf(timed: TimedBlock): BlockTransfers {
  return { ...refOf(timed), transfers: timed.block.transfers }
}

/** As `blockOf`, without the transfers. */
export function refOf({ block, header, isRead }: TimedBlock): Omit<BlockTransfers, 'transfers' | 'hints'> {
  if (header !== undefined && header.hash !== block.hash) {
    throw garbage('logs and header of different blocks', { block: block.number })
  }
  const timestamp = header?.timestamp ?? block.timestamp
  assert(timestamp !== undefined, 'a block without a time had its header read')
  const { number, hash } = block
  return { number, hash, parentHash: isRead ? header?.parentHash : undefined, timestamp }
}

/**
 * Reads the transfers of these blocks, one entry per header, in order. Compares each answer with its block's bloom, and
 * reads the receipts if the bloom shows that logs are missing.
 * @throws NODE_BEHIND the node does not know one of them; NODE_*
 */
export async function readTransfersOf(
  session: RpcSession,
  headers: readonly Header[],
  options: FetchOptions,
): Promise<readonly BlockTransfers[]> {
  const { scope, trust } = options
  const wanted = wantedBy(scope)
  const answer = await fetchLogsOfBlocks(session, headers, options)
  const found = answer.map((one) => resolveNulls(one, options))
  const decoded = headers.map((header, index) => decodedOf(header, found[index]?.answers))
  trust.counts.skippedLogs += decoded.reduce((sum, { skipped }) => sum + skipped, 0)
  const raw = decoded.flatMap(({ block }) => (block === undefined ? [] : [block]))
  const numberedBlocks = new Map((await numberLogs(session, raw, options)).map((block) => [block.number, block]))
  const blocks = headers.map((header) => {
    const { transfers } = numberedBlocks.get(header.number) ?? { transfers: [] }
    return { ...header, transfers: transfers.filter(wanted) }
  })
  const unverified = found.filter((one) => needsReceipts(session, one, options))
  const receipts = await transfersFromReceipts(session, unverified, options)
  for (const [index, { kind }] of found.entries()) {
    const number = headers[index]?.number
    if (kind !== undefined && number !== undefined) {
      trust.filterKinds.noteAnswered(session.label, scope, { first: number, last: number, ...kind })
    }
  }
  return blocks.map((block, index) => {
    const kind = found[index]?.kind
    return applyReceipts(session, block, { receipts: receipts.get(block.number), trust, kind })
  })
}

/**
 * Replaces null answers. If the block's bloom proves that there are no logs, null means an empty list. Otherwise
 * receipts must decide.
 */
function resolveNulls(logs: BlockLogs, { bloomTest }: FetchOptions): BlockLogs {
  if (logs.answers?.includes(null) !== true) return logs
  const { block } = logs
  const isEmpty = block.transactions?.length === 0 || rulesOut(block.bloom, bloomTest ?? ANY_EVENT)
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

function needsReceipts(
  { label }: RpcSession,
  { block, answers }: BlockLogs,
  { bloomTest, trust }: FetchOptions,
): boolean {
  if (answers === undefined) return true
  // A block without transactions has no receipts either.
  if (bloomTest === undefined || block.transactions?.length === 0) return false
  const doubt: BloomResult = checkBloom(block.bloom, bloomTest, valuesIn(answers, bloomTest))
  if (doubt === 'unusable') trust.report(label, "a block's bloom is unusable", { block: block.number })
  return doubt === 'strong' || (doubt === 'weak' && trust.shouldCheckWeak(label))
}

function applyReceipts(
  { label }: RpcSession,
  block: Header & { readonly transfers: readonly Transfer[] },
  {
    receipts,
    trust,
    kind,
  }: { receipts: readonly Transfer[] | undefined; trust: FetchOptions['trust']; kind: FilterKind | undefined },
): BlockTransfers {
  if (receipts === undefined) return block
  const { number } = block
  const transfers = countMissing(block.transfers, receipts)
  if (transfers > 0) trust.noteRepaired(label, { first: number, last: number, transfers })
  if (transfers > 0 && kind !== undefined) trust.noteMissingNearHead(label, { kind, block: number })
  if (transfers === 0) trust.noteFalseAlarm(label)
  return { ...block, transfers: mergeTransfers(block.transfers, receipts) }
}
