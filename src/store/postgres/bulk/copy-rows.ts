import { closeSync, openSync, writeSync } from 'node:fs'
import type { RowWriter } from '../../seam/bulk-sink.ts'
import type { CopiedColumn } from './copy-columns.ts'
import { folderError } from './load-folder.ts'

/** Permissions of the files: only the process's own user has access. */
const FILE_MODE = 0o600
/** Bytes that are written at once. */
const BUFFER_BYTES = 256 * 1024
/** Shorter bytes are copied one by one, which takes less than a call. */
const FEW_BYTES = 48

/** How PostgreSQL's binary form of COPY begins and ends. */
const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1')
const TRAILER = -1
const NULL = -1
const LOW = 0x1_0000_0000

/** Writes rows of one table to a file, as binary COPY takes them. @throws STORE_FULL, STORE_UNAVAILABLE from every method */
export class CopyRows implements RowWriter {
  /** Rows that ended. */
  count = 0
  readonly #file: string
  readonly #fd: number
  readonly #columns: readonly CopiedColumn[]
  readonly #buffer = Buffer.allocUnsafe(BUFFER_BYTES)
  #at = 0
  /** The column that comes next. */
  #column = 0
  #isClosed = false

  /** Creates the file, in place of any of that name. */
  constructor(file: string, columns: readonly CopiedColumn[]) {
    this.#file = file
    this.#columns = columns
    this.#fd = this.#guarded(() => openSync(file, 'w', FILE_MODE))
    this.#at = SIGNATURE.copy(this.#buffer)
  }

  int(value: number): void {
    const bytes = this.#columns[this.#column]?.integer
    this.#field(bytes ?? 0, bytes ?? 0)
    if (bytes === 8) {
      this.#at = this.#buffer.writeInt32BE(Math.floor(value / LOW), this.#at)
      this.#at = this.#buffer.writeUInt32BE(value % LOW, this.#at)
    } else if (bytes === 2) this.#at = this.#buffer.writeInt16BE(value, this.#at)
    else throw new TypeError('a column of bytes was given an integer')
  }

  bytes(source: Uint8Array, start: number, end: number): void {
    const length = end - start
    if (length > BUFFER_BYTES / 2) {
      this.#field(length, 0)
      this.#flush()
      this.#write(source.subarray(start, end))
      return
    }
    this.#field(length, length)
    const [to, at] = [this.#buffer, this.#at]
    if (length <= FEW_BYTES) for (let i = 0; i < length; i++) to[at + i] = source[start + i] ?? 0
    else to.set(source.subarray(start, end), at)
    this.#at = at + length
  }

  nothing(): void {
    this.#field(NULL, 0)
  }

  end(): void {
    if (this.#column !== this.#columns.length) throw new TypeError('a row has a value for each column')
    this.#column = 0
    this.count++
  }

  /** Writes a whole row. */
  row(values: readonly (number | string | Uint8Array | null)[]): void {
    for (const value of values) {
      if (value === null) this.nothing()
      else if (typeof value === 'number') this.int(value)
      else {
        const bytes = typeof value === 'string' ? Buffer.from(value) : value
        this.bytes(bytes, 0, bytes.length)
      }
    }
    this.end()
  }

  /** Writes all, and closes the file. */
  finish(): void {
    this.#room(2)
    this.#at = this.#buffer.writeInt16BE(TRAILER, this.#at)
    this.#flush()
    this.close()
  }

  /** Closes a file that is not to be used. */
  close(): void {
    if (!this.#isClosed) closeSync(this.#fd)
    this.#isClosed = true
  }

  /** Begins a field of a length, and makes room for so many bytes of it. */
  #field(length: number, room: number): void {
    this.#room(6 + room)
    if (this.#column++ === 0) this.#at = this.#buffer.writeInt16BE(this.#columns.length, this.#at)
    this.#at = this.#buffer.writeInt32BE(length, this.#at)
  }

  #room(bytes: number): void {
    if (this.#at + bytes > BUFFER_BYTES) this.#flush()
  }

  #flush(): void {
    this.#write(this.#buffer.subarray(0, this.#at))
    this.#at = 0
  }

  #write(bytes: Uint8Array): void {
    this.#guarded(() => {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at)
    })
  }

  #guarded<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw folderError(error, this.#file)
    }
  }
}
