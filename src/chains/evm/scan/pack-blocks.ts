import type { PackedBlocks } from '../../../bulk/raw-log/packed-blocks.ts'
import { RecordFields } from '../../../bulk/raw-log/record-fields.ts'
import { ASSET_AT, LENGTH_AT, NOTE } from '../../../bulk/raw-log/record-layout.ts'
import { transferOf } from '../../../bulk/raw-log/unpack.ts'
import { HEX_ACCOUNTS } from '../../../core/account.ts'
import type { Transfer } from '../../../core/transfer.ts'
import type { TimedBlock } from '../transfers/add-times.ts'
import { hintsOf, type Note, withHints } from '../transfers/notes.ts'
import { blockOf, refOf } from '../transfers/read-transfers.ts'
import type { ScannedAs, TokenStandards } from '../transfers/token-standards.ts'
import { ScannedBlock, type ScannedRecords } from './scanned-block.ts'

/**
 * Adds blocks to `into` as the ordinary path would return them. Scanned blocks stay records, unless their contracts say that
 * the logs mean something else. Adds nothing if it throws.
 */
export async function packBlocks(
  blocks: readonly TimedBlock[],
  {
    standards,
    into,
    signal,
  }: { readonly standards: TokenStandards; readonly into: PackedBlocks; readonly signal: AbortSignal },
): Promise<void> {
  const scanned = blocks.flatMap(({ block }) => (block instanceof ScannedBlock ? [block] : []))
  await standards.learnScanned(scanned, signal)
  const packer = new Packer(standards, into)
  const others = blocks.filter(({ block }) => !(block instanceof ScannedBlock) || packer.isMisread(block))
  // Headers are checked before anything is added.
  const objects = await standards.assignStandards(others.map(blockOf), { isOld: true }, signal)
  const refs = blocks.map(refOf)
  const byNumber = new Map(objects.map((block) => [block.number, withHints(block)]))
  for (const [index, { block }] of blocks.entries()) {
    const ordinary = byNumber.get(block.number)
    const ref = refs[index]
    if (ordinary !== undefined) {
      if (ordinary.transfers.length > 0 || ordinary.hints !== undefined) into.add(ordinary, HEX_ACCOUNTS)
    } else if (block instanceof ScannedBlock && ref !== undefined) packer.add(block, ref)
  }
}

/** Copies scanned blocks. */
class Packer {
  readonly #standards: TokenStandards
  readonly #into: PackedBlocks
  readonly #known = new Map<ScannedRecords, readonly ScannedAs[] | undefined>()
  /** Of the records that were copied last: index of each asset in `into`, plus 1; 0 if it is not there yet. */
  #records: ScannedRecords | undefined
  #indexes = new Uint32Array(0)

  constructor(standards: TokenStandards, into: PackedBlocks) {
    this.#standards = standards
    this.#into = into
  }

  /** True if a transfer of a block has to be corrected. */
  isMisread({ records, from, to }: ScannedBlock): boolean {
    const assets = this.#assetsOf(records)
    if (assets?.includes('misread') !== true) return false
    const { buffer } = records
    for (let at = from; at < to; at += buffer.readUInt16LE(at + LENGTH_AT)) {
      // Notes are hints already, whatever the contract is.
      if (buffer[at] !== NOTE && assets[buffer.readUInt32LE(at + ASSET_AT)] === 'misread') return true
    }
    return false
  }

  add(block: ScannedBlock, ref: ReturnType<typeof refOf>): void {
    const moved = notesIn(block)
    const notes = [...moved, ...this.#standards.notesOf(this.#notedIn(block))]
    const hints = notes.length === 0 ? [] : hintsOf(notes, moved.length === 0 ? [] : transfersBeside(block, moved))
    const isEmpty = moved.length > 0 && hints.length === 0 && !hasTransfers(block)
    if (isEmpty) return
    this.#into.addBlock(ref)
    this.#copy(block, moved.length > 0)
    for (const hint of hints) this.#into.addHint(hint, HEX_ACCOUNTS)
  }

  /** Returns the transfers of a block that may be misread. */
  #notedIn({ records, from, to }: ScannedBlock): readonly Transfer[] {
    const known = this.#assetsOf(records)
    if (known === undefined) return []
    const { assets, buffer } = records
    const fields = new RecordFields(buffer)
    const transfers: Transfer[] = []
    for (let at = from; at < to; at += buffer.readUInt16LE(at + LENGTH_AT)) {
      if (buffer[at] === NOTE || known[buffer.readUInt32LE(at + ASSET_AT)] !== 'noted') continue
      fields.readTransfer(at)
      transfers.push(transferOf(fields, { assets, codec: HEX_ACCOUNTS }))
    }
    return transfers
  }

  /** Copies the transfers of a block, and gives them the assets of `into`. */
  #copy({ records, from, to }: ScannedBlock, hasNotes: boolean): void {
    const into = this.#into
    const { buffer } = records
    const indexes = this.#indexesOf(records)
    into.reserve(to - from)
    if (!hasNotes) buffer.copy(into.buffer, into.length, from, to)
    for (let at = from; at < to; ) {
      const length = buffer.readUInt16LE(at + LENGTH_AT)
      if (buffer[at] !== NOTE) {
        if (hasNotes) buffer.copy(into.buffer, into.length, at, at + length)
        const asset = buffer.readUInt32LE(at + ASSET_AT)
        let index = indexes[asset] ?? 0
        if (index === 0) {
          index = 1 + into.assets.indexIn(records.assets, asset)
          indexes[asset] = index
        }
        into.buffer.writeUInt32LE(index - 1, into.length + ASSET_AT)
        into.length += length
        into.transfers++
      }
      at += length
    }
  }

  #indexesOf(records: ScannedRecords): Uint32Array {
    if (this.#records !== records) {
      this.#records = records
      this.#indexes = new Uint32Array(records.assets.count)
    }
    return this.#indexes
  }

  /** How right the transfers of each asset are; undefined if all of them are. */
  #assetsOf(records: ScannedRecords): readonly ScannedAs[] | undefined {
    if (this.#known.has(records)) return this.#known.get(records)
    const { assets } = records
    const known = Array.from({ length: assets.count }, (_, index) => this.#standards.scannedAs(assets, index))
    const found = known.every((as) => as === 'right') ? undefined : known
    this.#known.set(records, found)
    return found
  }
}

function notesIn({ records: { assets, buffer }, from, to }: ScannedBlock): readonly Note[] {
  const notes: Note[] = []
  const fields = new RecordFields(buffer)
  for (let at = from; at < to; at += buffer.readUInt16LE(at + LENGTH_AT)) {
    if (buffer[at] !== NOTE) continue
    fields.readTransfer(at)
    notes.push({ ...transferOf(fields, { assets, codec: HEX_ACCOUNTS }), note: 'moved' })
  }
  return notes
}

function hasTransfers({ records: { buffer }, from, to }: ScannedBlock): boolean {
  for (let at = from; at < to; at += buffer.readUInt16LE(at + LENGTH_AT)) if (buffer[at] !== NOTE) return true
  return false
}

/** Returns the transfers of the transactions that the notes are of, and perhaps a few others. */
function transfersBeside({ records: { assets, buffer }, from, to }: ScannedBlock, notes: readonly Note[]): Transfer[] {
  const transactions = new Set(notes.map(({ transactionHash }) => Number.parseInt(transactionHash.slice(2, 10), 16)))
  const out: Transfer[] = []
  const fields = new RecordFields(buffer)
  for (let at = from; at < to; at += buffer.readUInt16LE(at + LENGTH_AT)) {
    if (buffer[at] === NOTE) continue
    fields.readTransfer(at)
    if (!transactions.has(buffer.readUInt32BE(fields.hashAt))) continue
    out.push(transferOf(fields, { assets, codec: HEX_ACCOUNTS }))
  }
  return out
}
