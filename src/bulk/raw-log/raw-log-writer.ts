import { fdatasync, ftruncateSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import type { AccountCodec } from '../../core/account.ts'
import { assert } from '../../core/assert.ts'
import type { AssetRef } from '../../core/asset.ts'
import type { Header } from '../../core/block.ts'
import { isServiceError } from '../../core/errors.ts'
import type { BlockTransfers } from '../../core/transfer.ts'
import { logDamaged } from '../../store/seam/log-damage.ts'
import { AssetDictionary, entryBytes } from './asset-dictionary.ts'
import { asStoreError, FRAME, FrameReader, FrameWriter, guarded } from './frames.ts'
import { type Mark, NO_MARK, readMark, syncFolder, writeMark } from './mark.ts'
import { PackedBlocks } from './packed-blocks.ts'
import { hasBytesOf, isOpenFile, loadAssets, type RawLogFiles, rawLogFiles, removeRawLog } from './raw-log-files.ts'
import { ASSET_AT, BLOCK, LENGTH_AT, NUMBER_AT } from './record-layout.ts'

/** Longest time between two marks, in milliseconds. */
const MARK_MS = 2_000
/** Most bytes between two marks. */
const MARK_BYTES = 64 * 1024 * 1024
/** Shortest time before a reader gets what is written behind a mark, in milliseconds: the rest of a frame is left empty then. */
const READABLE_MS = 200
/** Permissions of the folder: only the process's own user has access. */
const FOLDER_MODE = 0o700

const dataSync = promisify(fdatasync)

/** Where a raw log is. `origin`: what its blocks depend on; a log of another origin is removed. */
export type RawLogPlace = { readonly folder: string; readonly origin: string; readonly codec: AccountCodec }

/**
 * Appends blocks to a raw log. What is before the last mark survives a crash and a power cut, and nothing behind it. After
 * an error the writer must be closed; a new one goes on from the mark.
 */
export class RawLogWriter {
  readonly assets = new AssetDictionary()
  /** The last durable mark. */
  mark: Mark
  /** Why a log that was there was removed; undefined if there was none, or this goes on with it. */
  readonly removed: string | undefined
  readonly #files: RawLogFiles
  readonly #place: RawLogPlace
  readonly #records: FrameWriter
  readonly #entries: FrameWriter
  readonly #packed = new PackedBlocks()
  #entryBytes: number
  #counts: { blocks: number; transfers: number; hints: number }
  #known: number
  #through: Header | undefined
  #markedAt: number | undefined
  #readableAt = 0
  #marking: Promise<void> | undefined
  /** True once blocks that are not final are appended. */
  #hasTail = false
  /** True while something is written, and after that failed. */
  #isTorn = false

  /** Opens the log and cuts it at its mark. @throws STORE_UNAVAILABLE, STORE_FULL */
  constructor(place: RawLogPlace) {
    this.#place = place
    this.#files = rawLogFiles(place.folder)
    guarded(place.folder, () => mkdirSync(place.folder, { recursive: true, mode: FOLDER_MODE }))
    syncFolder(dirname(place.folder))
    const { mark, removed } = findMark(place, this.assets)
    this.mark = mark
    this.removed = removed
    this.#records = new FrameWriter(this.#files.records, mark.bytes)
    this.#entries = new FrameWriter(this.#files.assets, mark.assetBytes)
    guarded(this.#files.records, () => ftruncateSync(this.#records.fd, mark.bytes))
    guarded(this.#files.assets, () => ftruncateSync(this.#entries.fd, mark.assetBytes))
    this.#entryBytes = this.assets.length
    this.#counts = { blocks: mark.blocks, transfers: mark.transfers, hints: mark.hints }
    this.#known = mark.known
    this.#through = mark.through
  }

  /** What is appended, durable or not. */
  get appended(): { readonly through: Header | undefined; readonly transfers: number } {
    return { through: this.#through, transfers: this.#counts.transfers }
  }

  /** The first assets of the dictionary, whose ids are given already. */
  get known(): number {
    return this.#known
  }

  /** Begins an empty log with the assets of a stored chain, in the order of their ids, which they keep. More may follow. */
  know(assets: Iterable<AssetRef>): void {
    const isBegun = this.#through !== undefined || this.assets.count !== this.#known
    assert(!isBegun, 'only an empty log takes assets that have ids')
    for (const asset of assets) this.assets.indexOf(asset)
    this.#known = this.assets.count
  }

  /** Appends blocks, and says that all blocks through a header are appended. Blocks come in order. @throws STORE_FULL, STORE_UNAVAILABLE */
  append(blocks: readonly BlockTransfers[], through: Header): void {
    this.#packed.clear()
    for (const block of blocks) this.#packed.add(block, this.#place.codec)
    this.appendPacked(this.#packed, through)
  }

  /** As `append`, of blocks that are packed already. Changes the asset indexes of `packed`, which may then be cleared and used again. */
  appendPacked(packed: PackedBlocks, through: Header): void {
    const from = this.#through?.number ?? -1
    assert(through.number > from, 'a log grows')
    this.#begin()
    const indexes = this.assets.indexesOf(packed.assets)
    const { buffer, length: end } = packed
    let number = from
    // Records that go to one frame are copied together. `runNumber`: the block of the first of them.
    let run = 0
    let runNumber = from
    for (let at = 0; at < end; ) {
      const length = buffer.readUInt16LE(at + LENGTH_AT)
      if (buffer[at] === BLOCK) {
        const next = buffer.readDoubleLE(at + NUMBER_AT)
        assert(next > number && next <= through.number, 'blocks are appended in order')
        number = next
      } else buffer.writeUInt32LE(indexes[buffer.readUInt32LE(at + ASSET_AT)] ?? 0, at + ASSET_AT)
      if (at + length - run > this.#records.room) {
        this.#records.append(buffer, { at: run, end: at }, runNumber)
        this.#records.finishFrame()
        run = at
      }
      if (run === at) runNumber = number
      at += length
    }
    this.#records.append(buffer, { at: run, end }, runNumber)
    this.#counts.blocks += packed.blocks
    this.#counts.transfers += packed.transfers
    this.#counts.hints += packed.hints
    this.#through = through
    this.#isTorn = false
  }

  /** True if a mark is due, at a time in monotonic milliseconds: at once at first, then every two seconds or 64 MiB. */
  isMarkDue(now: number): boolean {
    if (this.#markedAt === undefined) return true
    return now - this.#markedAt >= MARK_MS || this.#records.bytes - this.mark.bytes >= MARK_BYTES
  }

  /**
   * Makes all that is appended durable, and marks it. More can be appended meanwhile; it is behind the mark.
   * @throws STORE_DAMAGED the files were removed, replaced or cut meanwhile; STORE_FULL, STORE_UNAVAILABLE
   */
  async writeMark(now: number): Promise<Mark> {
    // One at a time: an older mark must never replace a newer one.
    while (this.#marking !== undefined) await this.#marking.catch(() => undefined)
    this.#markedAt = now
    this.#readableAt = now
    const through = this.#through
    if (through === undefined || through === this.mark.through || this.#hasTail) return this.mark
    const mark = this.#finishFrames(through)
    this.#mustHold(mark)
    this.#marking = this.#makeDurable(mark)
    try {
      await this.#marking
    } finally {
      this.#marking = undefined
    }
    this.mark = mark
    return mark
  }

  /**
   * Writes all that is appended, without making it durable, so that it can be read up to the returned mark: every 200 ms,
   * and not while a mark is made durable. Thus each later durable mark is behind it. Undefined at other times.
   * @throws STORE_FULL, STORE_UNAVAILABLE
   */
  readableMark(now: number): Mark | undefined {
    const through = this.#through
    if (this.#marking !== undefined || now - this.#readableAt < READABLE_MS || through === undefined) return undefined
    this.#readableAt = now
    return this.#finishFrames(through)
  }

  /**
   * Appends blocks that are not final, as the last ones. They can be read up to the returned mark, but no mark is stored
   * from now on: another writer goes on from the one before.
   * @throws STORE_FULL, STORE_UNAVAILABLE
   */
  appendTail(blocks: readonly BlockTransfers[], through: Header): Mark {
    this.#hasTail = true
    this.append(blocks, through)
    return this.#finishFrames(through)
  }

  /** Closes the files. What was appended since the last mark is lost. */
  async close(): Promise<void> {
    await this.#marking?.catch(() => undefined)
    this.#records.close()
    this.#entries.close()
  }

  /** Writes what is begun. Returns the mark of all that is appended. */
  #finishFrames(through: Header): Mark {
    this.#begin()
    this.#appendEntries()
    this.#records.finishFrame()
    this.#entries.finishFrame()
    this.#isTorn = false
    const [bytes, assetBytes] = [this.#records.bytes, this.#entries.bytes]
    return { through, bytes, assetBytes, assets: this.assets.count, known: this.#known, ...this.#counts }
  }

  /** No mark may tell of records that no reader can find. */
  #mustHold(mark: Mark): void {
    const { records, assets } = this.#files
    if (!isOpenFile(records, this.#records.fd, mark.bytes)) throw logDamaged(`${records} was removed or cut`)
    if (!isOpenFile(assets, this.#entries.fd, mark.assetBytes)) throw logDamaged(`${assets} was removed or cut`)
  }

  #begin(): void {
    assert(!this.#isTorn, 'nothing is written to a log after an error')
    this.#isTorn = true
  }

  async #makeDurable(mark: Mark): Promise<void> {
    try {
      await dataSync(this.#records.fd)
      await dataSync(this.#entries.fd)
    } catch (error) {
      throw asStoreError(this.#files.records, error)
    }
    await writeMark(this.#files.mark, mark, this.#place.origin)
  }

  #appendEntries(): void {
    const entries = this.assets.entriesFrom(this.#entryBytes)
    for (let at = 0; at < entries.length; ) {
      const end = at + entryBytes(entries, at)
      this.#entries.append(entries, { at, end }, 0)
      at = end
    }
    this.#entryBytes = this.assets.length
  }
}

/** Finds the mark to go on from, and loads its assets. A log that cannot be gone on with is removed. */
function findMark(
  { folder, origin }: RawLogPlace,
  assets: AssetDictionary,
): { readonly mark: Mark; readonly removed: string | undefined } {
  const files = rawLogFiles(folder)
  const mark = readMark(files.mark, origin)
  if (mark === undefined) {
    const hadBytes = hasBytesOf(files, { ...NO_MARK, bytes: 1 })
    removeRawLog(folder)
    return { mark: NO_MARK, removed: hadBytes ? 'it has no mark of this chain and scope' : undefined }
  }
  if (isSound(files, mark, assets)) return { mark, removed: undefined }
  assets.clear()
  removeRawLog(folder)
  return { mark: NO_MARK, removed: 'it is damaged before its mark' }
}

/** Loads the assets. True if the last frame before the mark is whole too. A reader checks the others. */
function isSound(files: RawLogFiles, mark: Mark, assets: AssetDictionary): boolean {
  if (!hasBytesOf(files, mark)) return false
  try {
    const last = new FrameReader(files.records, { from: Math.max(0, mark.bytes - FRAME), to: mark.bytes })
    try {
      last.next()
    } finally {
      last.close()
    }
    return loadAssets(assets, files, { mark, from: 0 })
  } catch (error) {
    if (isServiceError(error, 'STORE_DAMAGED')) return false
    throw error
  }
}
