import { assert } from '../../core/assert.ts'
import type { AssetRef } from '../../core/asset.ts'
import { logDamaged } from '../../store/seam/log-damage.ts'
import { assetOfEntry, entryBytes } from './asset-dictionary.ts'
import { FRAME, FrameReader } from './frames.ts'
import type { Mark } from './mark.ts'

/** The assets of a raw log by index, read from their file one by one: for few of them, however many there are. */
export class AssetFile {
  readonly #file: string
  readonly #bytes: number
  /** The index of the first asset of each frame, and at last the number of assets. */
  readonly #firsts: number[] = [0]
  /** The frame that was read last, its entries, and where they begin. */
  #frame = 0
  #entries = Buffer.alloc(0)
  #starts: number[] = []

  /** Checks the assets of a mark. @throws STORE_DAMAGED, STORE_UNAVAILABLE */
  constructor(file: string, mark: Mark) {
    this.#file = file
    this.#bytes = mark.assetBytes
    let count = 0
    if (mark.assetBytes > 0) {
      const reader = new FrameReader(file, { from: 0, to: mark.assetBytes })
      try {
        while (reader.next()) {
          for (let at = reader.start; at < reader.end; at += entryBytes(reader.buffer, at)) count++
          this.#firsts.push(count)
        }
      } finally {
        reader.close()
      }
    }
    if (count !== mark.assets) throw logDamaged(`${file} is damaged`)
  }

  /** The asset with this index. @throws STORE_DAMAGED, STORE_UNAVAILABLE */
  at(index: number): AssetRef {
    const first = this.#firsts[this.#frame] ?? 0
    if (index < first || index >= first + this.#starts.length) this.#read(index)
    const at = this.#starts[index - (this.#firsts[this.#frame] ?? 0)]
    assert(at !== undefined, 'a record names an asset of its dictionary')
    return assetOfEntry(this.#entries, at)
  }

  /** Reads the frame that has an asset. */
  #read(index: number): void {
    const frame = this.#firsts.findLastIndex((first) => first <= index)
    const from = frame * FRAME
    assert(from < this.#bytes, 'a record names an asset of its dictionary')
    const reader = new FrameReader(this.#file, { from, to: from + FRAME })
    try {
      reader.next()
      this.#frame = frame
      this.#entries = Buffer.from(reader.buffer.subarray(reader.start, reader.end))
      this.#starts = []
      for (let at = 0; at < this.#entries.length; at += entryBytes(this.#entries, at)) this.#starts.push(at)
    } finally {
      reader.close()
    }
  }
}
