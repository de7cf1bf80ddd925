import { MAX_PLACE } from '../../../bulk/raw-log/record-layout.ts'
import type { Transfer } from '../../../core/transfer.ts'
import { decodeLog } from '../transfers/decode-log.ts'
import type { DecodedRange } from '../transfers/decode-range.ts'
import { Interned } from '../words/interned.ts'
import { groupLogs, type OddLog, type Scan } from './group-logs.ts'
import { skipSpaces } from './json-text.ts'
import type { LogText } from './log-text.ts'
import type { ScanMemory } from './scan-memory.ts'
import { eventOf } from './write-log.ts'

const COMMA = 0x2c
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d

/**
 * What an answer must be: logs of these blocks. `dropsOthers`: logs of other events are left out unseen. `memory`: where the
 * records are put; who no longer looks at them returns them with `give`.
 */
export type ScanRequest = {
  readonly first: number
  readonly last: number
  readonly dropsOthers: boolean
  readonly memory: ScanMemory
}

/** A scanned answer to eth_getLogs. `count`: its logs, of any kind. */
export class ScannedLogs {
  readonly count: number
  readonly decoded: DecodedRange

  constructor(count: number, decoded: DecodedRange) {
    this.count = count
    this.decoded = decoded
  }
}

/**
 * Reads the list of logs that begins here in an answer to eth_getLogs, without objects for logs of the usual layouts. A log
 * of another layout is read by the ordinary decoder. Undefined: the answer has a form, or is wrong in a way, that only
 * the ordinary path tells apart, such as repeated logs, two hashes of one block, or anything else than plain JSON.
 */
export function scanLogs(
  text: Buffer,
  start: number,
  request: ScanRequest,
): { readonly value: ScannedLogs; readonly end: number } | undefined {
  const scanner = new Scanner(text, request)
  const end = scanner.readList(start)
  const decoded = end < 0 ? undefined : groupLogs(scanner.scan)
  if (decoded !== undefined) return { value: new ScannedLogs(scanner.count, decoded), end }
  request.memory.give(scanner.scan.records)
  return undefined
}

class Scanner {
  readonly scan: Scan
  /** Logs that were read, of any kind. */
  count = 0
  readonly #request: ScanRequest
  readonly #log: LogText
  readonly #interned = new Interned()

  constructor(text: Buffer, request: ScanRequest) {
    const { memory } = request
    const { log, columns: logs } = memory
    log.begin(text)
    logs.clear()
    this.scan = { text, view: log.view, logs, odds: [], records: memory.take() }
    this.#request = request
    this.#log = log
  }

  /** Reads a list of logs. Returns the place behind it; -1 if only the ordinary path can read it. */
  readList(start: number): number {
    const { text } = this.scan
    const log = this.#log
    if (text[start] !== OPEN_LIST) return -1
    let at = skipSpaces(text, start + 1)
    if (text[at] === CLOSE_LIST) return at + 1
    for (;;) {
      at = log.read(at)
      if (at < 0 || !this.#add(log)) return -1
      this.count++
      at = skipSpaces(text, at)
      if (text[at] === CLOSE_LIST) return at + 1
      if (text[at] !== COMMA) return -1
      at = skipSpaces(text, at + 1)
    }
  }

  /** Returns false if only the ordinary path can read the answer. */
  #add(log: LogText): boolean {
    const { records, logs, odds } = this.scan
    const { first, last, dropsOthers } = this.#request
    if (log.isRemoved) return log.isText()
    const event = eventOf(log)
    if (event < 0 && dropsOthers) return log.isText()
    if (log.index > MAX_PLACE || log.number < first || log.number > last) return false
    const from = records.length
    if (event >= 0 && records.add(log, event)) {
      logs.add(log, { from, to: records.length, odd: -1 })
      return true
    }
    if (!log.isText()) return false
    logs.add(log, { from, to: from, odd: odds.length })
    odds.push(this.#decodeOdd(log))
    return true
  }

  #decodeOdd(log: LogText): OddLog {
    const { text, start, end, index: event, transactionHashAt: at } = log
    const body: OddBody = JSON.parse(text.toString('latin1', start, end))
    const transfers: Transfer[] = []
    const transactionHash = `0x${text.toString('latin1', at, at + 64).toLowerCase()}`
    const isSkipped = !decodeLog(body, { event, transactionHash }, { interned: this.#interned, out: transfers })
    return { transfers, isSkipped }
  }
}

/** The log was read before as text that has these fields with these types. */
type OddBody = { readonly address: string; readonly topics: readonly string[]; readonly data: string }
