import type { Transfer } from '../../../core/transfer.ts'
import type { FetchScope } from '../../adapter.ts'
import type { RpcSession } from '../../nodes/session.ts'
import type { NodeTrust } from '../node-trust.ts'
import type { ScanMemory } from '../scan/scan-memory.ts'
import type { BloomTest } from './bloom-check.ts'
import type { BlockLogs } from './logs.ts'
import { lacksReceipts, readReceiptTransfers, withRefusedLogs } from './receipts.ts'

/** What to fetch, and how strictly to check the answers. */
export type FetchOptions = {
  readonly scope: FetchScope
  /** How to check the scope's logs against a bloom; undefined: they are not checked. */
  readonly bloomTest: BloomTest | undefined
  readonly trust: NodeTrust
  /** True: if a node has no receipts, throw, so that another node is asked. False: accept the unchecked logs. */
  readonly requireReceipts: boolean
  /**
   * True: if a request fails for an unknown reason, try its alternatives. False: throw, so that other nodes are asked
   * first.
   */
  readonly tryAlternatives: boolean
  /** If given, the logs of ranges are read from bytes where that is possible. Their blocks are then `ScannedBlock`s. */
  readonly scans?: ScanMemory
}

type UnverifiedBlock = Pick<BlockLogs, 'answers'> & {
  readonly block: { readonly number: number; readonly hash: string }
}

/**
 * Reads the transfers of these blocks from their receipts. Returns them by block number. If no receipts can be read and
 * `requireReceipts` is false, the blocks are missing from the result.
 * @throws NODE_NO_RECEIPTS; NODE_NO_LOGS the logs were refused too; NODE_*
 */
export async function transfersFromReceipts(
  session: RpcSession,
  unverified: readonly UnverifiedBlock[],
  { scope, trust, requireReceipts }: FetchOptions,
): Promise<ReadonlyMap<number, readonly Transfer[]>> {
  if (unverified.length === 0) return new Map()
  const headers = unverified.map(({ block }) => block)
  try {
    const misnumbered = (): void => trust.noteMisnumbering(session.label)
    const blocks = await readReceiptTransfers(session, {
      headers,
      scope,
      coolDowns: trust.coolDowns,
      onMisnumbered: misnumbered,
    })
    trust.counts.receiptsSettled += blocks.length
    return new Map(blocks.map((block) => [block.number, block.transfers]))
  } catch (error) {
    if (!lacksReceipts(error)) throw error
    // The logs were refused, so there is no fallback: rethrow.
    if (unverified.some(({ answers }) => answers === undefined)) throw withRefusedLogs(error)
    if (requireReceipts) throw error
    trust.report(session.label, 'logs may be missing, and no node has receipts to check them', {
      block: headers[0]?.number,
    })
    return new Map()
  }
}

/** Returns how many transfers are in the receipts but not in the logs. */
export function countMissing(logs: readonly Transfer[], receipts: readonly Transfer[]): number {
  return without(receipts, logs).length
}

/**
 * Merges the transfers of logs and receipts, in order. Both count, since some chains log events that belong to no
 * transaction. A transfer found in both takes its log index from the receipts, since some nodes count the logs of each
 * transaction from 0.
 */
export function mergeTransfers(logs: readonly Transfer[], receipts: readonly Transfer[]): readonly Transfer[] {
  const others = without(logs, receipts)
  const taken = new Set(receipts.map(({ event }) => event))
  let last = [...receipts, ...others].reduce((most, { event }) => Math.max(most, event), -1)
  const moved = new Map<number, number>()
  const numbered = others.map((transfer) => {
    const { event } = transfer
    if (!taken.has(event)) return transfer
    if (!moved.has(event)) moved.set(event, ++last)
    return { ...transfer, event: moved.get(event) ?? last }
  })
  return [...receipts, ...numbered].sort((a, b) => a.event - b.event || a.part - b.part)
}

/**
 * Returns the transfers of `some` that are not in `others`. Equal transfers count as often as they occur. Log indexes
 * are not compared.
 */
function without(some: readonly Transfer[], others: readonly Transfer[]): readonly Transfer[] {
  const counts = new Map<string, number>()
  for (const transfer of others) {
    const name = keyOf(transfer)
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return some.filter((transfer) => {
    const name = keyOf(transfer)
    const left = counts.get(name) ?? 0
    if (left > 0) counts.set(name, left - 1)
    return left === 0
  })
}

/** Identifies a transfer without its log index. */
function keyOf({ transactionHash, asset, from, to, item, amount }: Transfer): string {
  return `${transactionHash}/${asset.standard}/${asset.reference}/${from ?? ''}/${to ?? ''}/${item}/${amount}`
}
