import type { AccountCodec } from '../../core/account.ts'
import type { Transfer } from '../../core/transfer.ts'
import type { Expected, LoggedTransfer } from '../../store/seam/bulk-check.ts'
import { FRAME } from '../raw-log/frames.ts'
import type { RawLogReader } from '../raw-log/raw-log-reader.ts'
import type { RecordCursor } from '../raw-log/record-cursor.ts'
import { TRANSFER } from '../raw-log/record-layout.ts'
import { transferOf } from '../raw-log/unpack.ts'

/** Transfers of a sample that are chosen at random. */
const SAMPLES = 64

type Place = Parameters<Expected['find']>[0]

/** Looks up transfers of a log: chosen at random, or at a place. */
export class LogSample {
  readonly #reader: RawLogReader
  readonly #codec: AccountCodec
  readonly #frames: number
  /** The block of the first records of each frame, as far as it was looked at. */
  readonly #starts = new Map<number, number>()

  constructor(reader: RawLogReader, codec: AccountCodec) {
    this.#reader = reader
    this.#codec = codec
    this.#frames = reader.mark.bytes / FRAME
  }

  /** The first and the last transfer, and some of frames that are chosen at random. `random`: as `Math.random`. */
  choose(random: () => number): readonly LoggedTransfer[] {
    const last = this.#frames - 1
    const chosen = [this.#choose(0, () => 0), this.#choose(last, () => 1)]
    for (let i = 0; i < SAMPLES; i++) chosen.push(this.#choose(Math.floor(random() * this.#frames), random))
    return chosen.flatMap((found) => found ?? [])
  }

  /** The transfer at a place; undefined if the log has none there. */
  find({ block, event, part }: Place): Transfer | undefined {
    for (let frame = this.#frameOf(block); frame < this.#frames; frame++) {
      if (this.#startOf(frame) > block) return undefined
      const found = this.#inFrame(frame, (cursor) => {
        while (cursor.next()) {
          if (cursor.type !== TRANSFER || cursor.number !== block) continue
          if (cursor.event === event && cursor.part === part) return transferOf(cursor, this.#words())
        }
        return undefined
      })
      if (found !== undefined) return found
    }
    return undefined
  }

  /** A transfer of a frame. `random() * count` says which one. */
  #choose(frame: number, random: () => number): LoggedTransfer | undefined {
    const offsets = this.#inFrame(frame, (cursor) => {
      const found: number[] = []
      while (cursor.next()) if (cursor.type === TRANSFER) found.push(cursor.offset)
      return found
    })
    const at = offsets[Math.min(offsets.length - 1, Math.floor(random() * offsets.length))]
    return this.#inFrame(frame, (cursor) => {
      while (cursor.next()) {
        if (cursor.offset === at) return { block: cursor.number, transfer: transferOf(cursor, this.#words()) }
      }
      return undefined
    })
  }

  /** The last frame that begins with an older block, or the first one. */
  #frameOf(block: number): number {
    let [low, high] = [0, this.#frames - 1]
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if (this.#startOf(middle) < block) low = middle
      else high = middle - 1
    }
    return low
  }

  #startOf(frame: number): number {
    const known = this.#starts.get(frame)
    if (known !== undefined) return known
    const start = this.#inFrame(frame, (cursor) => (cursor.next() ? cursor.number : Number.POSITIVE_INFINITY))
    this.#starts.set(frame, start)
    return start
  }

  #inFrame<T>(frame: number, work: (cursor: RecordCursor) => T): T {
    const cursor = this.#reader.records(frame * FRAME, (frame + 1) * FRAME)
    try {
      return work(cursor)
    } finally {
      cursor.close()
    }
  }

  #words() {
    return { assets: this.#reader.assets, codec: this.#codec }
  }
}
