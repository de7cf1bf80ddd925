import { LogColumns } from './log-columns.ts'
import { LogText } from './log-text.ts'
import type { ScannedRecords } from './scanned-block.ts'
import { LogRecords } from './write-log.ts'

/** Most answers whose records are kept for use again, and most bytes of each: those of the answers of a backfill. */
const MAX_KEPT = 8
const MAX_BYTES = 16 * 1024 * 1024

/** Memory of scanned answers, used again. Fresh memory for each of many answers costs about as much as reading them. */
export class ScanMemory {
  /** Used while an answer is scanned, and no longer. */
  readonly log = new LogText()
  readonly columns = new LogColumns()
  readonly #kept: LogRecords[] = []

  /** Returns records without content. */
  take(): LogRecords {
    return this.#kept.pop() ?? new LogRecords()
  }

  /** Takes back records that nothing looks at any more. Those that are not of a scan as it was are left alone. */
  give(records: ScannedRecords): void {
    if (!(records instanceof LogRecords)) return
    if (this.#kept.length >= MAX_KEPT || records.buffer.length > MAX_BYTES) return
    records.clear()
    this.#kept.push(records)
  }
}
