import type { Header } from '../../../core/block.ts'
import type { BlockTransfers } from '../../../core/transfer.ts'
import type { AdapterCounts } from '../../adapter.ts'
import type { RpcSession } from '../../nodes/session.ts'
import type { Lineage } from '../coins/lineage.ts'
import { type Lead, leadText } from '../puzzles/lead.ts'
import type { Hex } from '../words/hex.ts'
import type { AccountIndex } from './account-index.ts'
import { fetchBlocks } from './fetch-blocks.ts'
import { genuineSpends } from './genuine-spends.ts'
import { type ReadCoin, readCoinsOf } from './read-spends.ts'
import { coinTransfer, inOrder } from './transfers.ts'

/** Blocks in one group of calls: the spends of a full block are some MB of text. */
const BLOCKS_AT_ONCE = 4

/** What is read from blocks: transfers of the accounts, and every lead that a spend or a created coin shows. */
export type ReadBlocks = { readonly blocks: readonly BlockTransfers[]; readonly leads: readonly Lead[] }

/** How blocks are read. */
export type BlockReading = {
  readonly accounts: AccountIndex
  /** The leads that are known so far. */
  readonly leads: readonly Lead[]
  readonly lineage: Lineage
  readonly counts: Pick<AdapterCounts, 'skippedLogs'>
}

/**
 * Reads the transfers of accounts in these blocks, from every spend.
 * @throws NODE_BEHIND the node lacks a block, or has another one; NODE_*
 */
export async function readBlocks(
  session: RpcSession,
  headers: readonly Header[],
  reading: BlockReading,
): Promise<ReadBlocks> {
  const { lineage, counts } = reading
  const leads = new Map<string, Lead>()
  const blocks: BlockTransfers[] = []
  const revocable = revocableByTail(reading.leads)
  for (let at = 0; at < headers.length; at += BLOCKS_AT_ONCE) {
    for (const block of await fetchBlocks(session, headers.slice(at, at + BLOCKS_AT_ONCE))) {
      const read = readCoinsOf(block, { accounts: reading.accounts, revocable })
      counts.skippedLogs += read.unread
      for (const lead of read.leads) leads.set(leadText(lead), lead)
      const { number, hash, parentHash, timestamp } = block.header
      const spent = await genuineSpends(session, read.spent, { lineage, number })
      const transfers = [...transfersOf(read.created, 'created'), ...transfersOf(spent, 'spent')]
      blocks.push({ number, hash, parentHash, timestamp, transfers: inOrder(transfers) })
    }
  }
  return { blocks, leads: [...leads.values()] }
}

function transfersOf(coins: readonly ReadCoin[], what: 'created' | 'spent') {
  return coins.map(({ coin, account, tail }) => coinTransfer({ coin }, { account, tail, what }))
}

function revocableByTail(leads: readonly Lead[]): ReadonlyMap<Hex, readonly Lead[]> {
  const byTail = new Map<Hex, Lead[]>()
  for (const lead of leads) {
    if (lead.hidden === undefined) continue
    const others = byTail.get(lead.tail)
    if (others === undefined) byTail.set(lead.tail, [lead])
    else others.push(lead)
  }
  return byTail
}
