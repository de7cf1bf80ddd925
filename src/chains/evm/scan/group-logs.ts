import type { Transfer } from '../../../core/transfer.ts'
import type { DecodedBlock, DecodedRange } from '../transfers/decode-range.ts'
import { isHex } from './hex-text.ts'
import type { LogColumns } from './log-columns.ts'
import { ScannedBlock, type ScannedRecords, transfersIn } from './scanned-block.ts'
import type { LogRecords } from './write-log.ts'

const HASH_DIGITS = 64

/** The transfers and notes of a log; `isSkipped`: it is none of our events, or malformed. */
export type OddLog = { readonly transfers: readonly Transfer[]; readonly isSkipped: boolean }

/** The logs of an answer, with what they refer to. */
export type Scan = {
  readonly text: Buffer
  /** The same bytes as the text. */
  readonly view: DataView
  readonly logs: LogColumns
  readonly odds: OddLog[]
  readonly records: LogRecords
}

/**
 * Groups scanned logs by block, in order. Undefined if the ordinary path must read the answer: two logs have one place, or
 * a block has two hashes.
 */
export function groupLogs(scan: Scan): DecodedRange | undefined {
  const { logs, odds } = scan
  const { isOrdered } = logs
  if (!isOrdered && !logs.sort()) return undefined
  const grouping = new Grouping(scan, isOrdered ? scan.records : inOrder(scan))
  const blocks: DecodedBlock[] = []
  const undecoded = new Set<number>()
  for (let at = 0; at < logs.count; ) {
    const end = grouping.endOfBlock(at)
    if (end < 0) return undefined
    const block = grouping.blockOf(at, end)
    if (block === undefined) undecoded.add(logs.number[at] ?? 0)
    else blocks.push(block)
    at = end
  }
  return { blocks, skipped: odds.filter(({ isSkipped }) => isSkipped).length, undecoded }
}

/** Copies the records into the order of the logs, and gives the logs their new places. */
function inOrder({ logs, records }: Scan): ScannedRecords {
  const buffer = Buffer.allocUnsafeSlow(records.length)
  let length = 0
  for (let at = 0; at < logs.count; at++) {
    const from = length
    length += records.buffer.copy(buffer, length, logs.from[at], logs.to[at])
    logs.from[at] = from
    logs.to[at] = length
  }
  return { assets: records.assets, buffer }
}

class Grouping {
  readonly #scan: Scan
  readonly #records: ScannedRecords

  constructor(scan: Scan, records: ScannedRecords) {
    this.#scan = scan
    this.#records = records
  }

  /** Returns the place behind the logs of a block; -1 if they name two hashes. Hashes are compared as text, as everywhere. */
  endOfBlock(start: number): number {
    const { logs, text, view } = this.#scan
    const { number, hashRun, blockHashAt } = logs
    const ours = blockHashAt[start] ?? 0
    if (!isHex(view, ours, HASH_DIGITS)) return -1
    let end = start + 1
    for (; end < logs.count && number[end] === number[start]; end++) {
      if (hashRun[end] === hashRun[start]) continue
      const theirs = blockHashAt[end] ?? 0
      if (text.compare(text, ours, ours + HASH_DIGITS, theirs, theirs + HASH_DIGITS) !== 0) return -1
    }
    return end
  }

  /** Returns the block of the logs from a place to another; undefined if they have neither transfers nor notes. */
  blockOf(start: number, end: number): DecodedBlock | undefined {
    const { logs, text } = this.#scan
    const hashAt = logs.blockHashAt[start] ?? 0
    const hash = `0x${text.toString('latin1', hashAt, hashAt + HASH_DIGITS).toLowerCase()}`
    const block = { number: logs.number[start] ?? 0, hash, timestamp: this.#timeOf(start, end) }
    if (this.#hasOddTransfers(start, end)) {
      return { ...block, misnumbered: false, transfers: this.#transfersOf(start, end) }
    }
    const span = { from: logs.from[start] ?? 0, to: logs.to[end - 1] ?? 0 }
    return span.from === span.to ? undefined : new ScannedBlock(block, this.#records, span)
  }

  /** The time that all of the logs have; undefined if one has none, or they differ. */
  #timeOf(start: number, end: number): number | undefined {
    const { timestamp } = this.#scan.logs
    const time = timestamp[start] ?? -1
    for (let at = start + 1; at < end; at++) if (timestamp[at] !== time) return undefined
    return time < 0 ? undefined : time
  }

  #hasOddTransfers(start: number, end: number): boolean {
    const { logs, odds } = this.#scan
    if (odds.length === 0) return false
    for (let at = start; at < end; at++) if ((odds[logs.odd[at] ?? -1]?.transfers.length ?? 0) > 0) return true
    return false
  }

  #transfersOf(start: number, end: number): readonly Transfer[] {
    const { logs, odds } = this.#scan
    const transfers: Transfer[] = []
    for (let at = start; at < end; at++) {
      const span = { from: logs.from[at] ?? 0, to: logs.to[at] ?? 0 }
      const own = odds[logs.odd[at] ?? -1]?.transfers ?? transfersIn(this.#records, span)
      for (const transfer of own) transfers.push(transfer)
    }
    return transfers
  }
}
