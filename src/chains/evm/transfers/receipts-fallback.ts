import type { Transfer } from '../../../core/transfer.ts'
import type { RpcSession } from '../../../net/session.ts'
import type { FetchScope } from '../../adapter.ts'
import type { NodeWatch } from '../node-trust.ts'
import type { ScopeTest } from './bloom-check.ts'
import type { BlockLogs } from './logs.ts'
import { lacksReceipts, readReceiptTransfers, refusedToo } from './receipts.ts'

/** What is fetched, and how far what a node says is looked into. */
export type Fetching = {
  readonly scope: FetchScope
  /** How the scope's logs are told from a bloom; undefined: nothing is looked into. */
  readonly test: ScopeTest | undefined
  readonly watch: NodeWatch
  /** True: where a node has no receipts, another one is to be asked. False: what it said is taken. */
  readonly strict: boolean
  /** True: what fails for an unknown reason is asked otherwise. False: other nodes are to be asked first. */
  readonly otherwise: boolean
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
    const misnumbered = (): void => watch.misnumbers(session.label)
    const blocks = await readReceiptTransfers(session, { headers, scope, refusals: watch.refusals, misnumbered })
    watch.counts.receiptsSettled += blocks.length
    return new Map(blocks.map((block) => [block.number, block.transfers]))
  } catch (error) {
    if (!lacksReceipts(error)) throw error
    // Of a block whose logs a node refuses to send there is nothing to be taken.
    if (doubtful.some(({ answers }) => answers === undefined)) throw refusedToo(error)
    if (strict) throw error
    watch.tell(session.label, 'logs may be missing, and no node has receipts to tell', { block: headers[0]?.number })
    return new Map()
  }
}

/** How many transfers receipts tell that logs did not. */
export function missingFrom(logs: readonly Transfer[], receipts: readonly Transfer[]): number {
  return without(receipts, logs).length
}

/**
 * What logs and receipts tell together, in order: some chains log what is no transaction's. A transfer that both tell stands
 * where the receipts place it, since some nodes count the logs of each transaction from 0.
 */
export function united(logs: readonly Transfer[], receipts: readonly Transfer[]): readonly Transfer[] {
  const others = without(logs, receipts)
  const taken = new Set(receipts.map(({ logIndex }) => logIndex))
  let last = [...receipts, ...others].reduce((most, { logIndex }) => Math.max(most, logIndex), -1)
  const moved = new Map<number, number>()
  const placed = others.map((transfer) => {
    const { logIndex } = transfer
    if (!taken.has(logIndex)) return transfer
    if (!moved.has(logIndex)) moved.set(logIndex, ++last)
    return { ...transfer, logIndex: moved.get(logIndex) ?? last }
  })
  return [...receipts, ...placed].sort((a, b) => a.logIndex - b.logIndex || a.batchIndex - b.batchIndex)
}

/** Of `some`, those that `others` do not have; equal ones as often as they are more. Places are not compared. */
function without(some: readonly Transfer[], others: readonly Transfer[]): readonly Transfer[] {
  const counts = new Map<string, number>()
  for (const transfer of others) {
    const name = nameOf(transfer)
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return some.filter((transfer) => {
    const name = nameOf(transfer)
    const left = counts.get(name) ?? 0
    if (left > 0) counts.set(name, left - 1)
    return left === 0
  })
}

/** What a transfer is, wherever it stands. */
function nameOf({ transactionHash, asset, from, to, item, amount }: Transfer): string {
  return `${transactionHash}/${asset.standard}/${asset.reference}/${from ?? ''}/${to ?? ''}/${item}/${amount}`
}
