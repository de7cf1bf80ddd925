import { isRecord } from '../../../net/json-rpc.ts'
import type { RpcSession } from '../../../net/session.ts'
import { garbage, parseNumber } from '../words/hex.ts'
import { type DecodedBlock, decodeRange } from './decode-range.ts'
import { filtersOf, isOfEvents, wantedBy } from './log-filters.ts'
import { logsOfBlocks } from './logs.ts'
import { type Fetching, receiptsWhere } from './receipts-fallback.ts'

/**
 * Blocks whose transfers stand at the places that the chain gives them. Some nodes count the logs of each transaction from 0:
 * of such a node the place of a log is its place among all logs of the block's receipts, else among all logs of the block.
 * @throws NODE_GARBAGE neither can be had; NODE_*
 */
export async function numbered(
  session: RpcSession,
  blocks: readonly DecodedBlock[],
  fetching: Fetching,
): Promise<readonly DecodedBlock[]> {
  const { watch } = fetching
  if (blocks.some(({ misnumbered }) => misnumbered)) watch.misnumbers(session.label)
  if (!watch.misnumbering.has(session.label) || blocks.length === 0) return blocks
  const doubtful = blocks.map((block) => ({ block, answers: [] }))
  const receipts = await receiptsWhere(session, doubtful, fetching)
  const out: DecodedBlock[] = []
  for (const block of blocks) {
    const transfers = receipts.get(block.number)
    if (transfers !== undefined) out.push({ ...block, transfers, misnumbered: false })
    else out.push(block.misnumbered ? await byAllLogs(session, block, fetching) : block)
  }
  return out
}

/** A block's transfers by the places of its logs among all of the block, in the order of their transactions. */
async function byAllLogs(session: RpcSession, block: DecodedBlock, fetching: Fetching): Promise<DecodedBlock> {
  const way = { shape: 'none', by: 'hash' } as const
  const filters = filtersOf(fetching.scope, way.shape)
  const [found] = await logsOfBlocks(session, { headers: [block], filters, way, keepsAll: true })
  const logs = (found?.answers ?? []).flatMap((answer) => (Array.isArray(answer) ? answer : []))
  const placed = logs.map((log: unknown) => {
    const fields = isRecord(log) ? log : {}
    const transaction = parseNumber(fields.transactionIndex)
    const index = parseNumber(fields.logIndex)
    if (transaction === undefined || index === undefined) throw garbage('logs without places', { block: block.number })
    return { fields, transaction, index }
  })
  placed.sort((a, b) => a.transaction - b.transaction || a.index - b.index)
  const renumbered = placed.map(({ fields }, logIndex) => ({ ...fields, logIndex })).filter(isOfEvents)
  const [decoded] = decodeRange([renumbered], { first: block.number, last: block.number }).blocks
  if (decoded === undefined || decoded.hash !== block.hash)
    throw garbage('logs of another block', { block: block.number })
  return { ...decoded, transfers: decoded.transfers.filter(wantedBy(fetching.scope)) }
}
