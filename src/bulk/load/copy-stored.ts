import { setImmediate as nextTick } from 'node:timers/promises'
import { assert } from '../../core/assert.ts'
import type { AssetRef } from '../../core/asset.ts'
import type { Header } from '../../core/block.ts'
import { decodeHash } from '../../journal/hash-codec.ts'
import type { StoredChain, StoredRecord } from '../../store/seam/stored-chain.ts'
import { PackedBlocks } from '../raw-log/packed-blocks.ts'
import type { RawLogWriter } from '../raw-log/raw-log-writer.ts'

/** Bytes of records that are appended at once. */
const PART_BYTES = 256 * 1024
const NO_BYTES = Buffer.alloc(0)

/** What is copied, and where to. `now`: monotonic milliseconds. */
export type CopyParts = {
  readonly stored: StoredChain
  readonly writer: RawLogWriter
  readonly now: () => number
  readonly signal: AbortSignal
  /** Bytes of records that are appended at once; PART_BYTES if not given. */
  readonly partBytes?: number
  /** Called now and then with the last block that is in the log. */
  readonly onCopied: (block: number) => void
}

/**
 * Copies what is stored of a chain to its raw log, as if it had been fetched: what follows can then be fetched behind it, and
 * all be built anew. Goes on where an interrupted copy ended. The log ends with the last stored block.
 * @throws STORE_FULL, STORE_UNAVAILABLE, STORE_DAMAGED, ABORTED
 */
export async function copyToLog({
  stored,
  writer,
  now,
  signal,
  partBytes = PART_BYTES,
  onCopied,
}: CopyParts): Promise<void> {
  const { through } = writer.appended
  if (through === undefined) for await (const some of stored.assets(0)) writer.know(some)
  const newer: AssetRef[] = []
  // Assets may be newer than the log, if that was begun by an interrupted copy.
  for await (const some of stored.assets(writer.known)) newer.push(...some)
  const packer = new Packer(newer, writer)
  for await (const some of stored.records(through?.number ?? -1)) {
    for (const record of some) {
      if (record.type === 'block' && packer.holds(partBytes)) {
        const last = packer.append()
        onCopied(last.number)
        // A load goes on after a block only if it can be compared with the chain's.
        if (last.hash !== '' && writer.isMarkDue(now())) await writer.writeMark(now())
        await nextTick()
        signal.throwIfAborted()
      }
      packer.add(record)
    }
  }
  packer.append(stored.through)
  await writer.writeMark(now())
}

/** Packs stored records. */
class Packer {
  /** The assets that have ids behind those that the log knows. */
  readonly #newer: readonly AssetRef[]
  readonly #writer: RawLogWriter
  readonly #packed = new PackedBlocks()
  #block: (StoredRecord & { readonly type: 'block' }) | undefined

  constructor(newer: readonly AssetRef[], writer: RawLogWriter) {
    this.#newer = newer
    this.#writer = writer
  }

  /** True if at least so many bytes are packed. */
  holds(bytes: number): boolean {
    return this.#packed.length >= bytes
  }

  add(record: StoredRecord): void {
    if (record.type === 'transfer') this.#addTransfer(record)
    else if (record.type === 'hint') this.#addHint(record)
    else this.#addBlock(record)
  }

  /** Appends what was added to the log, up to this block; the last one that was added if not given. */
  append(through = headerOf(this.#block)): Header {
    if (through.number > (this.#writer.appended.through?.number ?? -1)) this.#writer.appendPacked(this.#packed, through)
    this.#packed.clear()
    return through
  }

  #addBlock(block: StoredRecord & { readonly type: 'block' }): void {
    const { number, timestamp, hash = NO_BYTES } = block
    this.#block = block
    this.#packed.putBlock({ number, timestamp, hash, parent: NO_BYTES })
  }

  #addTransfer({
    asset,
    from = NO_BYTES,
    to = NO_BYTES,
    ...transfer
  }: StoredRecord & { readonly type: 'transfer' }): void {
    this.#packed.putTransfer({ ...transfer, from, to, asset: this.#indexOf(asset) })
  }

  #addHint({ asset, account, item, isUndecodable }: StoredRecord & { readonly type: 'hint' }): void {
    const packed = this.#packed
    const reason = isUndecodable ? 'undecodable' : 'moved'
    packed.putHint({ asset: packed.assets.indexOf(asset), account, item, reason })
  }

  /** The index of a stored asset among those of the packed records. */
  #indexOf(id: number): number {
    const { assets } = this.#packed
    const { known } = this.#writer
    if (id <= known) return assets.indexIn(this.#writer.assets, id - 1)
    const newer = this.#newer[id - known - 1]
    assert(newer !== undefined, `asset ${id} is not stored`)
    return assets.indexOf(newer)
  }
}

function headerOf(block: (StoredRecord & { readonly type: 'block' }) | undefined): Header {
  const { number = -1, timestamp = 0, hash } = block ?? {}
  return { number, timestamp, hash: hash === undefined ? '' : decodeHash(Buffer.from(hash)), parentHash: '' }
}
