import { closeSync, ftruncateSync, openSync } from 'node:fs'
import { guarded } from '../raw-log/frames.ts'
import { readExtent, type SharedSpill } from './spill.ts'
import type { SpillSource } from './spill-source.ts'

/**
 * Reads shared spills of one form as one: a partition has the records of the first spill, then those of the next. Readers in
 * several threads read different partitions, and the one that releases the last partition of a file empties it.
 */
export class SpillReader implements SpillSource {
  readonly file: string
  readonly partitions: number
  readonly #spills: readonly OpenSpill[]

  /** `file`: a name that no other reader has. */
  constructor(file: string, spills: readonly SharedSpill[]) {
    this.file = file
    this.partitions = Math.max(...spills.map(({ extents }) => extents.length))
    this.#spills = spills.map(openSpill)
  }

  length(partition: number): number {
    let length = 0
    for (const { extents } of this.#spills) {
      const own = extents[partition] ?? []
      for (let at = 1; at < own.length; at += 2) length += own[at] ?? 0
    }
    return length
  }

  read(partition: number, to: Buffer): number {
    let length = 0
    for (const { end } of this.extents(partition, to)) length = end
    return length
  }

  *extents(partition: number, to: Buffer, isOver = false): Generator<{ readonly start: number; readonly end: number }> {
    let start = 0
    for (const spill of this.#spills) {
      const [own, file] = [spill.extents[partition] ?? [], fileOf(spill, partition)]
      for (let at = 0; at + 1 < own.length; at += 2) {
        const [offset, length] = [own[at] ?? 0, own[at + 1] ?? 0]
        readExtent(file, to, { start, length, offset })
        yield { start, end: start + length }
        if (!isOver) start += length
      }
    }
  }

  release(partition: number): void {
    for (const spill of this.#spills) {
      const index = Math.floor(partition / spill.partitionsOfFile)
      if (Atomics.sub(spill.unreleased, index, 1) > 1) continue
      const { name, fd } = fileOf(spill, partition)
      guarded(name, () => ftruncateSync(fd, 0))
    }
  }

  /** Closes the files. Who made the spills removes them. */
  close(): void {
    for (const { open } of this.#spills) for (const { fd } of open) closeSync(fd)
  }
}

type OpenFile = { readonly name: string; readonly fd: number }
type OpenSpill = Omit<SharedSpill, 'unreleased'> & {
  readonly open: readonly OpenFile[]
  readonly unreleased: Int32Array<SharedArrayBuffer>
}

function openSpill(spill: SharedSpill): OpenSpill {
  const open = spill.files.map((name) => ({ name, fd: guarded(name, () => openSync(name, 'r+')) }))
  return { ...spill, open, unreleased: new Int32Array(spill.unreleased) }
}

function fileOf({ open, partitionsOfFile }: OpenSpill, partition: number): OpenFile {
  return open[Math.floor(partition / partitionsOfFile)] ?? { name: 'no file', fd: -1 }
}
