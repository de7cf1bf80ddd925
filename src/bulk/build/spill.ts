import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { assert } from '../../core/assert.ts'
import { guarded } from '../raw-log/frames.ts'

/** Permissions of the file: only the process's own user has access. */
const FILE_MODE = 0o600

/** Most files of a spill. */
const FILES = 16

/** A file of extents, for some of the partitions. It is gone once all of those are released. */
type ExtentFile = { readonly name: string; readonly fd: number; end: number; unreleased: number }

/** A spill whose records are all in files, to be read in several threads. `unreleased`: partitions of each file. */
export type SharedSpill = {
  readonly files: readonly string[]
  readonly partitionsOfFile: number
  /** Of each partition: offset and length of its extents by turns. */
  readonly extents: readonly (readonly number[])[]
  readonly unreleased: SharedArrayBuffer
}

/**
 * Records by partition, in files of extents: each partition fills a buffer, and a full buffer goes to its file's end. No
 * record lies in two extents. Records of one partition keep their order. Neighbouring partitions share a file, so that
 * the disk is free again soon after they are read.
 */
export class Spill {
  /** The buffer in which `room` made room. */
  buffer: Buffer
  readonly file: string
  readonly #files: ExtentFile[]
  readonly #partitionsOfFile: number
  readonly #extentBytes: number
  readonly #buffers: (Buffer | undefined)[]
  readonly #used: Uint32Array
  /** Of each partition: offset and length of its extents by turns. */
  readonly #extents: number[][]

  /** `extentBytes`: more than the longest record. */
  constructor(
    file: string,
    { partitions, extentBytes }: { readonly partitions: number; readonly extentBytes: number },
  ) {
    this.file = file
    this.#partitionsOfFile = Math.ceil(partitions / FILES)
    const files = Math.ceil(partitions / this.#partitionsOfFile)
    this.#files = Array.from({ length: files }, (_, index) => {
      const name = `${file}-${index}`
      const unreleased = Math.min(this.#partitionsOfFile, partitions - index * this.#partitionsOfFile)
      return { name, fd: guarded(name, () => openSync(name, 'w+', FILE_MODE)), end: 0, unreleased }
    })
    this.#extentBytes = extentBytes
    this.#buffers = Array.from({ length: partitions }, () => undefined)
    this.#used = new Uint32Array(partitions)
    this.#extents = Array.from({ length: partitions }, () => [])
    this.buffer = Buffer.alloc(0)
  }

  get partitions(): number {
    return this.#buffers.length
  }

  /** Makes room for a record, in `buffer` from the returned place on. */
  room(partition: number, bytes: number): number {
    let buffer = this.#buffers[partition]
    if (buffer === undefined) {
      buffer = Buffer.allocUnsafeSlow(this.#extentBytes)
      this.#buffers[partition] = buffer
    }
    let at = this.#used[partition] ?? 0
    if (at + bytes > this.#extentBytes) {
      this.#flush(partition, buffer)
      at = 0
    }
    this.#used[partition] = at + bytes
    this.buffer = buffer
    return at
  }

  /** Bytes of a partition. */
  length(partition: number): number {
    let length = this.#used[partition] ?? 0
    const extents = this.#extents[partition] ?? []
    for (let at = 1; at < extents.length; at += 2) length += extents[at] ?? 0
    return length
  }

  /** Reads a partition into `to`, in order. Returns its length. */
  read(partition: number, to: Buffer): number {
    let length = 0
    for (const extent of this.extents(partition, to)) length = extent.end
    return length
  }

  /** Reads a partition's extents in order, one behind the other into `to`, or each to its start if `isOver`. */
  *extents(partition: number, to: Buffer, isOver = false): Generator<{ readonly start: number; readonly end: number }> {
    const extents = this.#extents[partition] ?? []
    let start = 0
    for (let at = 0; at + 1 < extents.length; at += 2) {
      const [offset, length] = [extents[at] ?? 0, extents[at + 1] ?? 0]
      readExtent(this.#fileOf(partition), to, { start, length, offset })
      yield { start, end: start + length }
      if (!isOver) start += length
    }
    const used = this.#used[partition] ?? 0
    if (used === 0) return
    this.#buffers[partition]?.copy(to, start, 0, used)
    yield { start, end: start + used }
  }

  /** Releases the room of a partition that was read: once for each. */
  release(partition: number): void {
    this.#buffers[partition] = undefined
    this.#used[partition] = 0
    const file = this.#fileOf(partition)
    if (--file.unreleased === 0) removeFile(file)
  }

  /** Writes all to the files, and tells what readers in other threads need (`SpillReader`). No record can be added then. */
  share(): SharedSpill {
    for (const [partition, buffer] of this.#buffers.entries()) if (buffer !== undefined) this.#flush(partition, buffer)
    this.#buffers.fill(undefined)
    const unreleased = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT * this.#files.length))
    for (const [index, file] of this.#files.entries()) unreleased[index] = file.unreleased
    return {
      files: this.#files.map(({ name }) => name),
      partitionsOfFile: this.#partitionsOfFile,
      extents: this.#extents,
      unreleased: unreleased.buffer,
    }
  }

  /** Closes the files, and leaves them to those that it shared them with. */
  close(): void {
    for (const { fd } of this.#files) closeSync(fd)
  }

  /** Closes and removes the files. */
  remove(): void {
    for (const file of this.#files) if (file.unreleased > 0) removeFile(file)
  }

  #fileOf(partition: number): ExtentFile {
    const file = this.#files[Math.floor(partition / this.#partitionsOfFile)]
    assert(file !== undefined, 'each partition has a file')
    return file
  }

  #flush(partition: number, buffer: Buffer): void {
    const used = this.#used[partition] ?? 0
    if (used === 0) return
    const file = this.#fileOf(partition)
    guarded(file.name, () => {
      for (let at = 0; at < used; ) at += writeSync(file.fd, buffer, at, used - at, file.end + at)
    })
    this.#extents[partition]?.push(file.end, used)
    file.end += used
    this.#used[partition] = 0
  }
}

/** Bytes of a file, and where they go. */
export type Extent = { readonly start: number; readonly length: number; readonly offset: number }

/** Reads an extent. @throws STORE_UNAVAILABLE */
export function readExtent(
  { name, fd }: Pick<ExtentFile, 'name' | 'fd'>,
  to: Buffer,
  { start, length, offset }: Extent,
): void {
  guarded(name, () => {
    for (let at = 0; at < length; ) {
      const got = readSync(fd, to, start + at, length - at, offset + at)
      if (got === 0) throw new Error(`${name} was cut while it was used`)
      at += got
    }
  })
}

function removeFile({ name, fd }: ExtentFile): void {
  closeSync(fd)
  rmSync(name, { force: true })
}
