import type { LogText } from './log-text.ts'

const FIRST_LOGS = 1024
/** Most logs for which the memory is kept: some of the answers of a backfill, about 3 MB. */
const MAX_KEPT = 64 * 1024

/**
 * The logs of an answer that count, as columns, so that no log costs an object. The records of a log are from `from` to
 * `to`. `odd`: an index of what the ordinary decoder made of it instead; -1: it has records.
 */
export class LogColumns {
  count = 0
  /** True if each log is behind the one before it in the chain. */
  isOrdered = true
  number = new Float64Array(FIRST_LOGS)
  index = new Uint32Array(FIRST_LOGS)
  timestamp = new Float64Array(FIRST_LOGS)
  blockHashAt = new Uint32Array(FIRST_LOGS)
  hashRun = new Uint32Array(FIRST_LOGS)
  from = new Uint32Array(FIRST_LOGS)
  to = new Uint32Array(FIRST_LOGS)
  odd = new Int32Array(FIRST_LOGS)

  /** Removes all logs. Keeps the memory, unless an answer was unusually large. */
  clear(): void {
    this.count = 0
    this.isOrdered = true
    if (this.number.length > MAX_KEPT) this.#resize(FIRST_LOGS)
  }

  /** Adds a log. */
  add(log: LogText, span: { readonly from: number; readonly to: number; readonly odd: number }): void {
    const at = this.count
    if (at === this.number.length) this.#resize(2 * at)
    const { number, index } = log
    if (at > 0 && !this.#isBehind(at - 1, number, index)) this.isOrdered = false
    this.number[at] = number
    this.index[at] = index
    this.timestamp[at] = log.timestamp
    this.blockHashAt[at] = log.blockHashAt
    this.hashRun[at] = log.hashRun
    this.from[at] = span.from
    this.to[at] = span.to
    this.odd[at] = span.odd
    this.count = at + 1
  }

  /** Sorts the logs by block and index. Returns false if two of them have one place. */
  sort(): boolean {
    const { count, number, index } = this
    const order = Uint32Array.from({ length: count }, (_, at) => at)
    const by = (column: Float64Array | Uint32Array, a: number, b: number): number => (column[a] ?? 0) - (column[b] ?? 0)
    order.sort((a, b) => by(number, a, b) || by(index, a, b))
    this.number = number.map(valueAt(order, number))
    this.index = index.map(valueAt(order, index))
    this.timestamp = this.timestamp.map(valueAt(order, this.timestamp))
    this.blockHashAt = this.blockHashAt.map(valueAt(order, this.blockHashAt))
    this.hashRun = this.hashRun.map(valueAt(order, this.hashRun))
    this.from = this.from.map(valueAt(order, this.from))
    this.to = this.to.map(valueAt(order, this.to))
    this.odd = this.odd.map(valueAt(order, this.odd))
    for (let at = 1; at < count; at++) {
      if (!this.#isBehind(at - 1, this.number[at] ?? 0, this.index[at] ?? 0)) return false
    }
    return true
  }

  /** True if a place in the chain is behind that of a log. */
  #isBehind(at: number, number: number, index: number): boolean {
    const before = this.number[at] ?? 0
    return number > before || (number === before && index > (this.index[at] ?? 0))
  }

  /** Changes how many logs there is memory for. Keeps those that are added. */
  #resize(length: number): void {
    const { count } = this
    this.number = resized(new Float64Array(length), this.number.subarray(0, count))
    this.index = resized(new Uint32Array(length), this.index.subarray(0, count))
    this.timestamp = resized(new Float64Array(length), this.timestamp.subarray(0, count))
    this.blockHashAt = resized(new Uint32Array(length), this.blockHashAt.subarray(0, count))
    this.hashRun = resized(new Uint32Array(length), this.hashRun.subarray(0, count))
    this.from = resized(new Uint32Array(length), this.from.subarray(0, count))
    this.to = resized(new Uint32Array(length), this.to.subarray(0, count))
    this.odd = resized(new Int32Array(length), this.odd.subarray(0, count))
  }
}

/** Returns what a column has at each place in this order. Places behind the order keep their value. */
function valueAt(order: Uint32Array, column: ArrayLike<number>): (value: number, at: number) => number {
  return (value, at) => column[order[at] ?? at] ?? value
}

function resized<T extends { set(from: T): void }>(fresh: T, column: T): T {
  fresh.set(column)
  return fresh
}
