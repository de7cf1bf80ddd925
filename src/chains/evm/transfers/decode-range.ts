import type { Transfer } from '../../../core/transfer.ts'
import { garbage, parseHash, parseNumber } from '../words/hex.ts'
import { Interned, type LogBody } from '../words/interned.ts'
import { decodeLog } from './decode-log.ts'

/** A log as JSON-RPC sends it, with the fields that locate it in the chain. */
type RawLog = LogBody & {
  readonly blockNumber: unknown
  readonly blockHash: string
  readonly transactionHash: string
  readonly logIndex?: unknown
  readonly removed?: unknown
  readonly blockTimestamp?: unknown
}

/**
 * A block with transfers. `timestamp` (Unix seconds) is the time in its logs, if they agree. It is an optional field
 * and must be checked. `misnumbered`: two of its logs have one index, or a log has none, so the transfers' indexes are
 * wrong.
 */
export type DecodedBlock = {
  readonly number: number
  readonly hash: string
  readonly timestamp: number | undefined
  readonly misnumbered: boolean
  readonly transfers: readonly Transfer[]
}

/**
 * A range's decoded logs: blocks with transfers in order, the number of logs that were no well-formed transfers, and
 * the blocks that have only such logs.
 */
export type DecodedRange = {
  readonly blocks: readonly DecodedBlock[]
  readonly skipped: number
  readonly undecoded: ReadonlySet<number>
}

/** `logIndex` undefined: the node sent none. */
type LocatedLog = { readonly log: RawLog; readonly number: number; readonly logIndex: number | undefined }

/**
 * Decodes an answer (or several, concatenated) to eth_getLogs for blocks `first` to `last`. Returns the transfers in
 * order, without duplicates and without `removed` logs.
 * @throws NODE_GARBAGE not a list of logs, a log of another block, two hashes for one block
 */
export function decodeRange(
  answers: readonly unknown[],
  range: { readonly first: number; readonly last: number },
): DecodedRange {
  const logs = locateLogs(answers, range)
  const interned = new Interned()
  const blocks: DecodedBlock[] = []
  const undecoded = new Set<number>()
  let skipped = 0
  for (let at = 0; at < logs.length; ) {
    const head = logs[at]
    if (head === undefined) break
    const end = endOfBlock(logs, at)
    const transfers: Transfer[] = []
    const decoded = decodeBlock(logs, { from: at, to: end, interned, out: transfers })
    skipped += decoded.skipped
    if (transfers.length === 0) {
      undecoded.add(head.number)
    } else {
      const { timestamp, misnumbered } = decoded
      blocks.push({ number: head.number, hash: hashOf(head.log), timestamp, misnumbered, transfers })
    }
    at = end
  }
  return { blocks, skipped, undecoded }
}

type DecodedLogs = Pick<DecodedBlock, 'timestamp' | 'misnumbered'> & { readonly skipped: number }

/**
 * Decodes the logs of one block. Skips a log that repeats the one before it, since a log may match several filters. From
 * the first missing or repeated log index on, it numbers the remaining logs itself.
 */
function decodeBlock(
  logs: readonly LocatedLog[],
  part: { from: number; to: number; interned: Interned; out: Transfer[] },
): DecodedLogs {
  let skipped = 0
  let index = -1
  let misnumbered = false
  let timesAgree = true
  let rawHash = ''
  let transactionHash = ''
  for (let at = part.from; at < part.to; at++) {
    const entry = logs[at]
    if (entry === undefined) continue
    const { log, logIndex } = entry
    const before = at === part.from ? undefined : logs[at - 1]
    if (before !== undefined && logIndex === before.logIndex && isSame(log, before.log)) continue
    if (logIndex === undefined || logIndex === before?.logIndex) misnumbered = true
    index = misnumbered || logIndex === undefined ? index + 1 : logIndex
    if (log.blockTimestamp !== before?.log.blockTimestamp && before !== undefined) timesAgree = false
    // Logs of one transaction are adjacent: their hash is validated once, and they share the string.
    if (log.transactionHash !== rawHash) {
      rawHash = log.transactionHash
      transactionHash = parseHash(rawHash) ?? ''
      if (transactionHash === '') throw garbage('a log without a transaction hash', { block: entry.number })
    }
    if (!decodeLog(log, { event: index, transactionHash }, part)) skipped++
  }
  const timestamp = timesAgree ? parseNumber(logs[part.from]?.log.blockTimestamp) : undefined
  return { skipped, timestamp, misnumbered }
}

function isSame(a: RawLog, b: RawLog | undefined): boolean {
  return a.data === b?.data && a.transactionHash === b.transactionHash && a.topics.join() === b.topics.join()
}

function endOfBlock(logs: readonly LocatedLog[], start: number): number {
  const head = logs[start]
  let end = start + 1
  for (let entry = logs[end]; entry !== undefined && entry.number === head?.number; entry = logs[end]) {
    if (entry.log.blockHash !== head.log.blockHash) throw garbage('two hashes for one block', { block: entry.number })
    end++
  }
  return end
}

function locateLogs(answers: readonly unknown[], range: { first: number; last: number }): LocatedLog[] {
  const logs: LocatedLog[] = []
  let inOrder = true
  let rawNumber: unknown
  let number = -1
  let last: LocatedLog | undefined
  for (const answer of answers) {
    if (!Array.isArray(answer)) throw garbage('no list of logs')
    for (const log of answer) {
      if (!isRawLog(log)) throw garbage('something that is not a log')
      if (log.removed === true) continue
      if (log.blockNumber !== rawNumber) {
        rawNumber = log.blockNumber
        number = numberOf(rawNumber, range)
      }
      const logIndex = parseNumber(log.logIndex)
      const entry = { log, number, logIndex }
      if (last !== undefined && compare(last, entry) > 0) inOrder = false
      last = entry
      logs.push(entry)
    }
  }
  return inOrder ? logs : logs.sort(compare)
}

/** Orders logs with the same index by transaction, so that repetitions of one log are adjacent. */
function compare(a: LocatedLog, b: LocatedLog): number {
  const apart = a.number - b.number || (a.logIndex ?? 0) - (b.logIndex ?? 0)
  return apart || byText(a.log.transactionHash, b.log.transactionHash) || byText(a.log.data, b.log.data)
}

function byText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1
}

function numberOf(text: unknown, range: { first: number; last: number }): number {
  const number = parseNumber(text)
  if (number === undefined || number < range.first || number > range.last) {
    throw garbage('a log of another block', { block: number ?? -1, first: range.first, last: range.last })
  }
  return number
}

function hashOf(log: RawLog): string {
  const hash = parseHash(log.blockHash)
  if (hash === undefined) throw garbage('a log without a block hash')
  return hash
}

function isRawLog(value: unknown): value is RawLog {
  return (
    typeof value === 'object' &&
    value !== null &&
    'address' in value &&
    typeof value.address === 'string' &&
    'topics' in value &&
    Array.isArray(value.topics) &&
    'data' in value &&
    typeof value.data === 'string' &&
    'blockNumber' in value &&
    'blockHash' in value &&
    typeof value.blockHash === 'string' &&
    'transactionHash' in value &&
    typeof value.transactionHash === 'string'
  )
}
