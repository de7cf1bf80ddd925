import { isRecord } from '../../../core/is-record.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { garbage, parseNumber } from '../words/hex.ts'
import { type DecodedBlock, decodeRange } from './decode-range.ts'
import { filtersOf, isOfEvents, wantedBy } from './log-filters.ts'
import { logsOfBlocks } from './logs.ts'
import { type FetchOptions, transfersFromReceipts } from './receipts-fallback.ts'

/**
 * Returns the blocks with the log indexes that the chain gives their transfers. Some nodes count the logs of each
 * transaction from 0. For such a node, the index is the log's position among all logs of the block's receipts, or else
 * among all logs of the block.
 * @throws NODE_GARBAGE the node gives neither; NODE_*
 */
export async function numberLogs(
  session: RpcSession,
  blocks: readonly DecodedBlock[],
  options: FetchOptions,
): Promise<readonly DecodedBlock[]> {
  const { trust } = options
  if (blocks.some(({ misnumbered }) => misnumbered)) trust.noteMisnumbering(session.label)
  if (!trust.misnumbering.has(session.label) || blocks.length === 0) return blocks
  const unverified = blocks.map((block) => ({ block, answers: [] }))
  const receipts = await transfersFromReceipts(session, unverified, options)
  const out: DecodedBlock[] = []
  for (const block of blocks) {
    const transfers = receipts.get(block.number)
    if (transfers !== undefined) out.push({ ...block, transfers, misnumbered: false })
    else out.push(block.misnumbered ? await numberByAllLogs(session, block, options) : block)
  }
  return out
}

/**
 * Numbers a block's transfers by the positions of their logs among all logs of the block, in the order of its
 * transactions.
 */
async function numberByAllLogs(session: RpcSession, block: DecodedBlock, options: FetchOptions): Promise<DecodedBlock> {
  const kind = { shape: 'none', by: 'hash' } as const
  const filters = filtersOf(options.scope, kind.shape)
  const [found] = await logsOfBlocks(session, { headers: [block], filters, kind, keepsAll: true })
  const logs = (found?.answers ?? []).flatMap((answer) => (Array.isArray(answer) ? answer : []))
  const numbered = logs.map((log: unknown) => {
    const fields = isRecord(log) ? log : {}
    const transaction = parseNumber(fields.transactionIndex)
    const index = parseNumber(fields.logIndex)
    if (transaction === undefined || index === undefined) throw garbage('logs without places', { block: block.number })
    return { fields, transaction, index }
  })
  numbered.sort((a, b) => a.transaction - b.transaction || a.index - b.index)
  const renumbered = numbered.map(({ fields }, logIndex) => ({ ...fields, logIndex })).filter(isOfEvents)
  const [decoded] = decodeRange([renumbered], { first: block.number, last: block.number }).blocks
  if (decoded === undefined || decoded.hash !== block.hash)
    throw garbage('logs of another block', { block: block.number })
  return { ...decoded, transfers: decoded.transfers.filter(wantedBy(options.scope)) }
}
