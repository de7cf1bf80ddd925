import type { BlockRef } from '../../../core/block.ts'
import { ServiceError } from '../../../core/errors.ts'
import { isRecord } from '../../../core/is-record.ts'
import type { Transfer } from '../../../core/transfer.ts'
import { garbage, parseHash, parseNumber } from '../words/hex.ts'
import { decodeRange } from './decode-range.ts'
import { isOfEvents } from './log-filters.ts'

/**
 * Collects the logs of a block's receipts, which are added in the order of its transactions. Keeps only the logs of
 * events that matter.
 */
export class ReceiptLogs {
  /** Receipts added so far. `count`: logs in them, of any event. */
  receipts = 0
  count = 0
  /** True if two logs have one index, or a log has none. Then a log's position in the block replaces the index. */
  misnumbered = false
  readonly #block: BlockRef
  readonly #kept: { readonly log: Readonly<Record<string, unknown>>; readonly index: number }[] = []
  readonly #indices = new Set<number>()

  constructor(block: BlockRef) {
    this.#block = block
  }

  /** @throws NODE_BEHIND the receipt is of another block; NODE_GARBAGE it is not a receipt */
  add(receipt: unknown): void {
    const { number, hash } = this.#block
    const own = isRecord(receipt) ? parseHash(receipt.blockHash) : undefined
    if (!isRecord(receipt) || own === undefined) throw garbage('a receipt without a block', { block: number })
    if (own !== hash) {
      throw new ServiceError('NODE_BEHIND', 'The block is not the canonical one', { fields: { block: number } })
    }
    if (!Array.isArray(receipt.logs)) throw garbage('a receipt without logs', { block: number })
    this.receipts++
    for (const log of receipt.logs) {
      const index = isRecord(log) ? parseNumber(log.logIndex) : undefined
      if (index === undefined || this.#indices.has(index)) this.misnumbered = true
      else this.#indices.add(index)
      if (isRecord(log) && isOfEvents(log)) this.#kept.push({ log, index: this.count })
      this.count++
    }
  }

  /** The kept logs, each with a unique index. */
  numbered(): readonly Readonly<Record<string, unknown>>[] {
    return this.#kept.map(({ log, index }) => (this.misnumbered ? { ...log, logIndex: index } : log))
  }
}

/** Returns the transfers in a block's receipts, in order. @throws NODE_GARBAGE */
export function decodeReceipts(logs: ReceiptLogs, block: BlockRef): readonly Transfer[] {
  const [decoded] = decodeRange([logs.numbered()], { first: block.number, last: block.number }).blocks
  if (decoded !== undefined && decoded.hash !== block.hash) throw garbage('logs of another block')
  return decoded?.transfers ?? []
}
