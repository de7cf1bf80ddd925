import { join } from 'node:path'
import { decodeHash } from '../../journal/hash-codec.ts'
import type { UndecodableToken } from '../../store/seam/bulk-sink.ts'
import { readBlock, writeBlock } from './change-record.ts'
import { Spill } from './spill.ts'

/** Bytes before the hash and the account: their lengths, the asset u32, the block u40. */
const HEAD = 11

type Undecodable = {
  readonly asset: number
  readonly number: number
  readonly hash: Buffer
  /** As stored; empty if it is not kept. */
  readonly account: Buffer
}

/** The tokens with a transfer that could not be decoded, on disk, since a hostile chain can have millions. */
export class UndecodableSpill {
  readonly #spill: Spill
  readonly #extentBytes: number

  constructor(folder: string, extentBytes: number) {
    this.#spill = new Spill(join(folder, 'undecodable'), { partitions: 1, extentBytes })
    this.#extentBytes = extentBytes
  }

  /** Adds a token, with the first block that has such a transfer. */
  add({ asset, number, hash, account }: Undecodable): void {
    const at = this.#spill.room(0, HEAD + hash.length + account.length)
    const to = this.#spill.buffer
    to[at] = hash.length
    to[at + 1] = account.length
    to.writeUInt32BE(asset, at + 2)
    const hashAt = writeBlock(to, at + 6, number)
    hash.copy(to, hashAt)
    account.copy(to, hashAt + hash.length)
  }

  /** The tokens, in the order in which they were added. */
  *all(): Generator<UndecodableToken> {
    const buffer = Buffer.alloc(this.#extentBytes)
    for (const { end } of this.#spill.extents(0, buffer, true)) {
      for (let at = 0; at < end; ) {
        const hashAt = at + HEAD
        const accountAt = hashAt + (buffer[at] ?? 0)
        const next = accountAt + (buffer[at + 1] ?? 0)
        const block = { number: readBlock(buffer, at + 6), hash: decodeHash(buffer.subarray(hashAt, accountAt)) }
        const account = next === accountAt ? undefined : Buffer.from(buffer.subarray(accountAt, next))
        yield { asset: buffer.readUInt32BE(at + 2), block, account }
        at = next
      }
    }
  }

  /** Removes the file. */
  remove(): void {
    this.#spill.remove()
  }
}
