import type { Transfer } from '../../core/transfer.ts'
import type { RpcSession } from '../../net/rpc.ts'
import type { FetchScope } from '../adapter.ts'
import type { BlockLogs } from './logs.ts'
import { lacksReceipts, readReceiptTransfers } from './receipts.ts'
import type { ScopeTest } from './suspicion.ts'
import type { NodeWatch } from './watch.ts'

/** What is fetched, and how far what a node says is looked into. */
export type Fetching = {
  readonly scope: FetchScope
  /** How the scope's logs are told from a bloom; undefined: nothing is looked into. */
  readonly test: ScopeTest | undefined
  readonly watch: NodeWatch
  /** True: where a node has no receipts, another one is to be asked. False: what it said is taken. */
  readonly strict: boolean
}

type Doubtful = Pick<BlockLogs, 'answers'> & { readonly block: { readonly number: number; readonly hash: string } }

/**
 * The transfers of these blocks as their receipts say, by block number. Where there are none to be had and that is put
 * up with (`strict` false), the blocks are left out.
 * @throws NODE_RPC with `failure: no_receipts`; NODE_*
 */
export async function receiptsWhere(
  session: RpcSession,
  doubtful: readonly Doubtful[],
  { scope, watch, strict }: Fetching,
): Promise<ReadonlyMap<number, readonly Transfer[]>> {
  if (doubtful.length === 0) return new Map()
  const headers = doubtful.map(({ block }) => block)
  try {
    const blocks = await readReceiptTransfers(session, { headers, scope, refusals: watch.refusals })
    watch.counts.receiptsSettled += blocks.length
    return new Map(blocks.map((block) => [block.number, block.transfers]))
  } catch (error) {
    // Of a block whose logs a node refuses to send there is nothing to be taken.
    const isRefused = doubtful.some(({ answers }) => answers === undefined)
    if (!lacksReceipts(error) || strict || isRefused) throw error
    watch.tell(session.label, 'logs may be missing, and no node has receipts to tell', { block: headers[0]?.number })
    return new Map()
  }
}

/** How many transfers receipts tell that logs did not. */
export function missingFrom(logs: readonly Transfer[], receipts: readonly Transfer[]): number {
  const known = new Set(logs.map(placeOf))
  return receipts.filter((transfer) => !known.has(placeOf(transfer))).length
}

/** What logs and receipts tell together, in order: some chains log what is no transaction's. */
export function united(logs: readonly Transfer[], receipts: readonly Transfer[]): readonly Transfer[] {
  const byPlace = new Map([...logs, ...receipts].map((transfer) => [placeOf(transfer), transfer]))
  return [...byPlace.values()].sort((a, b) => a.logIndex - b.logIndex || a.batchIndex - b.batchIndex)
}

function placeOf({ logIndex, batchIndex }: Transfer): string {
  return `${logIndex}/${batchIndex}`
}
