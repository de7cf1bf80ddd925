import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { ServiceError, systemCode } from '../../core/errors.ts'
import { logDamaged } from '../../store/seam/log-damage.ts'

/** Bytes of a frame: all of a file's frames have the same size, so the frame of any offset is known. */
export const FRAME = 64 * 1024
/** A frame begins with the length of its content (u32), the CRC-32 of the rest of the head and the content, and a number (f64). */
export const FRAME_HEAD = 16
const LENGTH_AT = 0
const CRC_AT = 4
const CHECKED_FROM = 8

/** Permissions of the files: only the process's own user has access. */
const FILE_MODE = 0o600
/** Frames read at once. */
const FRAMES_READ = 16

/** Appends frames to a file. After an error it must not be used again. */
export class FrameWriter {
  readonly fd: number
  /** Bytes of complete frames. */
  bytes: number
  readonly #file: string
  readonly #frame = Buffer.alloc(FRAME)
  #length = FRAME_HEAD

  /** `bytes`: where to go on; what is behind is overwritten. */
  constructor(file: string, bytes: number) {
    this.#file = file
    this.fd = guarded(file, () => openSync(file, bytes === 0 ? 'w' : 'r+', FILE_MODE))
    this.bytes = bytes
  }

  /** Bytes that still fit in the frame that is begun. */
  get room(): number {
    return FRAME - this.#length
  }

  /**
   * Appends bytes that stay together in one frame. `number` is kept in the head of a frame that begins with them.
   */
  append(source: Buffer, span: { readonly at: number; readonly end: number }, number: number): void {
    const length = span.end - span.at
    if (this.#length + length > FRAME) this.finishFrame()
    if (this.#length === FRAME_HEAD) this.#frame.writeDoubleLE(number, CHECKED_FROM)
    source.copy(this.#frame, this.#length, span.at, span.end)
    this.#length += length
  }

  /** Writes the frame that is begun, if any. The next bytes begin a new one. */
  finishFrame(): void {
    if (this.#length === FRAME_HEAD) return
    const frame = this.#frame
    frame.fill(0, this.#length)
    frame.writeUInt32LE(this.#length - FRAME_HEAD, LENGTH_AT)
    frame.writeUInt32LE(crc32(frame.subarray(CHECKED_FROM, this.#length)), CRC_AT)
    guarded(this.#file, () => {
      for (let at = 0; at < FRAME; ) at += writeSync(this.fd, frame, at, FRAME - at, this.bytes + at)
    })
    this.bytes += FRAME
    this.#length = FRAME_HEAD
  }

  /** Closes the file. */
  close(): void {
    closeSync(this.fd)
  }
}

/** Reads the frames of a file in order, and checks each. */
export class FrameReader {
  /** The frame's content is from `start` to `end` of this. It changes with the next frame. */
  readonly buffer: Buffer
  start = 0
  end = 0
  /** Offset of the frame in the file. */
  offset = -1
  /** The number in the frame's head. */
  number = 0
  readonly #file: string
  readonly #fd: number
  readonly #to: number
  #next: number
  #bufferAt = 0
  #held = 0

  /** Reads the frames from offset `from` to `to`. Both are multiples of `FRAME`. @throws STORE_DAMAGED the file is gone */
  constructor(file: string, { from, to }: { readonly from: number; readonly to: number }) {
    this.#file = file
    this.buffer = Buffer.allocUnsafeSlow(Math.max(FRAME, Math.min(FRAMES_READ * FRAME, to - from)))
    this.#fd = openMarked(file)
    this.#next = from
    this.#to = to
  }

  /** Goes to the next frame. Returns false at the end. @throws STORE_DAMAGED */
  next(): boolean {
    if (this.#next >= this.#to) return false
    if (this.#next >= this.#bufferAt + this.#held || this.#next < this.#bufferAt) this.#fill()
    const at = this.#next - this.#bufferAt
    const length = this.buffer.readUInt32LE(at + LENGTH_AT)
    const end = at + FRAME_HEAD + length
    if (length > FRAME - FRAME_HEAD) throw this.#damaged()
    const sum = crc32(this.buffer.subarray(at + CHECKED_FROM, end))
    if (sum !== this.buffer.readUInt32LE(at + CRC_AT)) throw this.#damaged()
    this.number = this.buffer.readDoubleLE(at + CHECKED_FROM)
    this.offset = this.#next
    this.start = at + FRAME_HEAD
    this.end = end
    this.#next += FRAME
    return true
  }

  /** Closes the file. */
  close(): void {
    closeSync(this.#fd)
  }

  #fill(): void {
    const wanted = Math.min(this.buffer.length, this.#to - this.#next)
    let held = 0
    guarded(this.#file, () => {
      for (let got = 1; held < wanted && got > 0; held += got) {
        got = readSync(this.#fd, this.buffer, held, wanted - held, this.#next + held)
      }
    })
    if (held < wanted) throw this.#damaged()
    this.#bufferAt = this.#next
    this.#held = held
  }

  #damaged(): ServiceError {
    return logDamaged(`${this.#file} is damaged at byte ${this.#next}`)
  }
}

/** Opens a file that a mark tells of. */
function openMarked(file: string): number {
  try {
    return openSync(file, 'r')
  } catch (error) {
    throw systemCode(error) === 'ENOENT' ? logDamaged(`${file} was removed or cut`) : asStoreError(file, error)
  }
}

const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** Runs file operations. @throws STORE_FULL there is no room, STORE_UNAVAILABLE */
export function guarded<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw asStoreError(file, error)
  }
}

/** The error of an operation on a file that the system refused; any other error as it is. */
export function asStoreError(file: string, error: unknown): unknown {
  const code = systemCode(error)
  if (code === undefined) return error
  const why = NO_ROOM.has(code) ? 'STORE_FULL' : 'STORE_UNAVAILABLE'
  return new ServiceError(why, `${file} cannot be read or written (${code})`, { cause: error })
}
