import type { ServiceError } from '../../core/errors.ts'
import { logDamaged } from '../../store/seam/log-damage.ts'
import { FRAME, FrameReader } from './frames.ts'
import { RecordFields } from './record-fields.ts'
import { LENGTH_AT } from './record-layout.ts'

/** Walks over the records of a file without making objects. The fields change with the next record. */
export class RecordCursor extends RecordFields {
  /** Offset of the record in the file, from which another cursor can begin. */
  offset = 0
  readonly #file: string
  readonly #frames: FrameReader
  #next = 0
  #end = 0

  /** Reads the records from offset `from`, which is 0 or a record's, to `to`, a mark's `bytes`. */
  constructor(file: string, { from, to }: { readonly from: number; readonly to: number }) {
    const frames = new FrameReader(file, { from: from - (from % FRAME), to })
    super(frames.buffer)
    this.#file = file
    this.#frames = frames
    if (from % FRAME !== 0) this.#skip(from % FRAME)
  }

  /** Goes to the next record. Returns false at the end. @throws STORE_DAMAGED, STORE_UNAVAILABLE */
  next(): boolean {
    if (this.#next >= this.#end && !this.#nextFrame()) return false
    const { buffer } = this
    const at = this.#next
    const length = buffer.readUInt16LE(at + LENGTH_AT)
    this.offset = this.#frames.offset + at - this.#frames.start + (this.#frames.start % FRAME)
    this.#next = at + length
    if (length === 0 || this.#next > this.#end) throw this.#damaged()
    if (!this.read(at)) throw this.#damaged()
    return true
  }

  /** Closes the file. */
  close(): void {
    this.#frames.close()
  }

  #nextFrame(): boolean {
    if (!this.#frames.next()) return false
    this.#next = this.#frames.start
    this.#end = this.#frames.end
    // The block of the frame's first records, whose own record is in a frame before.
    this.number = this.#frames.number
    return true
  }

  #skip(within: number): void {
    if (!this.#nextFrame()) return
    const target = this.#frames.start - (this.#frames.start % FRAME) + within
    while (this.#next < target && this.next());
  }

  #damaged(): ServiceError {
    return logDamaged(`${this.#file} is damaged at byte ${this.#frames.offset}`)
  }
}
