import type { ChainAdapter } from '../../chains/adapter.ts'
import type { AccountCodec } from '../../core/account.ts'
import type { Header } from '../../core/block.ts'
import type { Coverage } from '../../core/coverage.ts'
import { isServiceError, ServiceError } from '../../core/errors.ts'
import type { RangeSize } from '../../indexer/range-size.ts'
import type { BulkStore } from '../../store/seam/bulk-load.ts'
import { isLogDamaged } from '../../store/seam/log-damage.ts'
import { ALL_FINAL } from '../build/build.ts'
import { fetchTail, type Tail, tailBehind } from '../fetch/fetch-tail.ts'
import { fetchToLog, isStillOnChain } from '../fetch/fetch-to-log.ts'
import { type Mark, readMark } from '../raw-log/mark.ts'
import { rawLogFiles, removeRawLog } from '../raw-log/raw-log-files.ts'
import { RawLogWriter } from '../raw-log/raw-log-writer.ts'
import type { BuildJob } from './checked-build.ts'
import { copyToLog } from './copy-stored.ts'
import { Generations, LEAST_BYTES, noRoom, READ_BYTES, type RunningBuild, writtenBytes } from './generations.ts'
import { type Gap, isRebuildCheaper, transfersOf } from './rebuild-due.ts'

/** Bytes for each transfer when all is built anew: of the log, and of what a build reads. */
const BYTES_ANEW = 140 + READ_BYTES
/** Blocks of which a new chain is loaded in bulk at once. Of fewer, the first are appended, which tells how many transfers they have. */
const MANY_BLOCKS = 1_000
/** Bytes of the store and of the log for each transfer in the end, for what is said before the load. */
const STORED_BYTES = 350

/** What a bulk load needs. */
export type BulkLoadDeps = {
  readonly adapter: ChainAdapter
  readonly store: BulkStore
  readonly coverage: Coverage
  readonly codec: AccountCodec
  /** Begins to build a generation, in a thread of its own. */
  readonly build: (job: BuildJob, signal: AbortSignal) => RunningBuild
  /** Whether to build all anew rather than to append a gap; `isRebuildCheaper` if not given. */
  readonly isCheaper?: (gap: Gap) => boolean
  /** Monotonic milliseconds. */
  readonly now: () => number
  readonly log: (level: 'info' | 'warn', message: string, fields: Readonly<Record<string, unknown>>) => void
}

/** Blocks that are missing after the last written one. */
export type LoadGap = { readonly first: number; readonly last: number; readonly written: Header | undefined }

/** What to load, and who is told. */
export type LoadRange = {
  readonly first: number
  /** Last block; final, so that no reorg can change the range. */
  readonly last: number
  /** The newest block: those up to it are loaded too, as far as they are few. */
  readonly head: Header
  readonly start?: RangeSize
  /** What is stored was copied to the log up to this block. */
  readonly onCopied: (block: number) => void
  readonly onFetched: (fetched: { readonly block: number; readonly transfers: number }) => void
  /** A generation is published: blocks up to this one, with so many more transfers than before the load. */
  readonly onPublished: (through: Header, transfers: number) => Promise<void>
}

/**
 * Loads the old blocks of a chain: fetches them to a raw log, and builds generations of the chain's store from it, each
 * several times as large as the one before, which are published one by one. After a crash it goes on from the log's mark.
 */
export class BulkLoad {
  readonly #deps: BulkLoadDeps
  /** Why blocks are appended, as last said. */
  #told: string | undefined
  /** Blocks of a gap of which the extent of the store said to append them. */
  #toAppend = 0

  constructor(deps: BulkLoadDeps) {
    this.#deps = deps
  }

  /**
   * True if blocks are to be loaded in bulk: if nothing was written before and they are many, or in a log that was begun; or if to
   * build all anew costs less than to append them.
   */
  async isFor({ first, last, written }: LoadGap): Promise<boolean> {
    const { adapter, coverage, isCheaper = isRebuildCheaper, log, store } = this.#deps
    if (adapter.packTransfers === undefined || coverage.scope.type === 'accounts') return false
    const [blocks, mark] = [last - first + 1, this.#mark()]
    const isBegun = mark?.through !== undefined
    if (written === undefined) return (isBegun || blocks >= MANY_BLOCKS) && this.#mayReplace() && this.#hasPlace()
    // The gap gets smaller by each batch, and what is stored larger: its extent is looked up again once half is left.
    if (!isBegun && blocks <= this.#toAppend && blocks * 2 > this.#toAppend) return false
    const extent = await store.extent()
    if (extent === undefined) return false
    const gap = { ...extent, blocks, logged: mark?.transfers ?? 0 }
    this.#toAppend = isCheaper(gap) ? 0 : blocks
    if (this.#toAppend > 0 || !this.#mayReplace() || !this.#hasPlace()) return false
    if (extent.isPinned) return this.#appends('others have views, keys or publications of the tables', {})
    const [stored, missing] = [extent.transfers, transfersOf(gap)]
    // What a begun log holds would have to be fetched again: without room for the rest, the load stops and says so.
    if (isBegun) return true
    const needed = LEAST_BYTES + (BYTES_ANEW + writtenBytes(store)) * (stored + missing)
    const free = store.freeBytes()
    if (free < needed) return this.#appends('there is no room to build all anew', { stored, missing, needed, free })
    log('info', 'all is built anew, since that costs less than to append what is missing', { stored, missing })
    return true
  }

  #mayReplace(): boolean {
    const { refused } = this.#deps.store
    return refused === undefined || this.#appends(refused, {})
  }

  /** True if there is a folder for the log, and room in it. Blocks can be appended without. */
  #hasPlace(): boolean {
    const { store } = this.#deps
    // The disk of the store itself is needed in any case.
    if (!store.isApart) return true
    try {
      const free = store.freeBytes()
      if (free >= LEAST_BYTES) return true
      return this.#appends('there is no room for a bulk load', { folder: store.folder, free })
    } catch (error) {
      if (!isServiceError(error)) throw error
      return this.#appends('a bulk load has no folder', { error: error.message })
    }
  }

  /** Says why blocks are appended, once: they are looked at again after each batch. */
  #appends(why: string, fields: Readonly<Record<string, unknown>>): false {
    if (this.#told !== why) this.#deps.log('warn', `blocks are appended, since ${why}`, fields)
    this.#told = why
    return false
  }

  /**
   * Loads a range. Blocks that were published stay so after an error, and a later call goes on.
   * @throws NODE_*, STORE_FULL, STORE_UNAVAILABLE, ABORTED
   */
  async load(range: LoadRange, signal: AbortSignal): Promise<void> {
    const { adapter, build, codec, now, store, log } = this.#deps
    this.#sayNeeds()
    const stored = (await store.extent())?.transfers ?? 0
    const writer = await this.#openLog(range, signal)
    const stop = new AbortController()
    const stopping = AbortSignal.any([signal, stop.signal])
    const generations = new Generations({
      ...{ build, store, now, log, signal: stopping, onFailure: () => stop.abort() },
      ...{ first: range.first, last: range.last, stored, onPublished: range.onPublished },
    })
    // Begun while the last final blocks are on their way, so that no core waits.
    let tail: Promise<Tail> | undefined
    const fetchBehind = (after: number): Promise<Tail> => this.#fetchTail({ after, head: range.head }, stopping)
    try {
      await fetchToLog({
        ...{ adapter, codec, writer, now, signal: stopping },
        ...{ scope: this.#deps.coverage.scope, first: range.first, last: range.last },
        ...(range.start === undefined ? {} : { start: range.start }),
        onNearEnd: () => {
          tail = fetchBehind(range.last)
          tail.catch(() => undefined)
        },
        onAnswer: ({ through, transfers }) => {
          if (through !== undefined) range.onFetched({ block: through.number, transfers })
        },
        onMark: (mark) => generations.consider(mark),
        onReadable: (mark) => generations.follow(mark),
      })
      await this.#finish(
        { generations, writer },
        await (tail ?? fetchBehind(writer.mark.through?.number ?? range.last)),
      )
    } catch (error) {
      stop.abort()
      // What was fetched is kept, unless the log itself cannot be written.
      await writer.writeMark(now()).catch(() => undefined)
      // The failure of a build ends the fetch, whose own error tells less.
      throw this.#failureOf((await generations.end()) ?? error)
    } finally {
      await writer.close()
    }
    await store.end()
  }

  /** What is thrown for a failure. A damaged log is removed: the next load fetches again what is not published. */
  #failureOf(error: unknown): unknown {
    if (!isLogDamaged(error)) return error
    const { log, store } = this.#deps
    log('warn', 'the log of a backfill is begun anew', { reason: error.message })
    removeRawLog(store.folder)
    const message = `${error.message}: it is begun anew, with what is published`
    return new ServiceError('STORE_UNAVAILABLE', message, { cause: error })
  }

  /** Builds the last generation, with the blocks that are not final yet. */
  async #finish({ generations, writer }: LastPart, tail: Tail): Promise<void> {
    const { mark } = writer
    if (mark.through === undefined) return
    const { headers, blocks } = tailBehind(mark.through, tail)
    const through = headers.at(-1)
    if (through === undefined) await generations.finish(mark, ALL_FINAL)
    else await generations.finish(writer.appendTail(blocks, through), { finalized: mark.through, tail: headers })
  }

  #fetchTail(range: { readonly after: number; readonly head: Header }, signal: AbortSignal): Promise<Tail> {
    const { adapter, coverage } = this.#deps
    return fetchTail({ adapter, scope: coverage.scope }, range, signal)
  }

  /** Removes the log of a load that cannot be gone on with. */
  async drop(): Promise<void> {
    await this.#deps.store.end()
  }

  #sayNeeds(): void {
    const { log, store } = this.#deps
    const free = store.freeBytes()
    const fits = Math.floor(free / (2 * STORED_BYTES))
    const needs = store.isApart
      ? 'the backfill keeps some 700 bytes a transfer in a folder until all are in the database'
      : 'the backfill needs twice the final size on disk, some 700 bytes a transfer'
    log('info', needs, store.isApart ? { folder: store.folder, free, fits } : { free, fits })
    if (free < LEAST_BYTES) throw noRoom(LEAST_BYTES, free)
  }

  /** Opens the log, with all that is stored in it. */
  async #openLog(range: LoadRange, signal: AbortSignal): Promise<RawLogWriter> {
    const { adapter, codec, log, store } = this.#deps
    const place = { folder: store.folder, origin: this.#origin(), codec }
    let writer = new RawLogWriter(place)
    if (writer.removed !== undefined) log('warn', 'the log of a backfill is begun anew', { reason: writer.removed })
    if (!(await isStillOnChain(adapter, writer, signal))) {
      log('warn', 'the log of a backfill is begun anew', { reason: 'the chain lost its last block' })
      await writer.close()
      removeRawLog(store.folder)
      writer = new RawLogWriter(place)
    }
    try {
      await this.#copyStored(writer, range, signal)
      return writer
    } catch (error) {
      await writer.close()
      throw error
    }
  }

  /** Copies to the log what is stored and the log lacks. */
  async #copyStored(writer: RawLogWriter, { onCopied }: LoadRange, signal: AbortSignal): Promise<void> {
    const { log, now, store } = this.#deps
    const stored = await store.open()
    if (stored === undefined) return
    try {
      if ((writer.appended.through?.number ?? -1) >= stored.through.number) return
      await copyToLog({ stored, writer, now, signal, onCopied })
      log('info', 'what is stored was copied', { block: stored.through.number, transfers: writer.appended.transfers })
    } finally {
      await stored.close()
    }
  }

  /** The mark of a log that was begun. A folder apart that cannot be used has none. */
  #mark(): Mark | undefined {
    const { folder, isApart } = this.#deps.store
    try {
      return readMark(rawLogFiles(folder).mark, this.#origin())
    } catch (error) {
      if (isApart && isServiceError(error, 'STORE_UNAVAILABLE')) return undefined
      throw error
    }
  }

  /** What the blocks of the log depend on. */
  #origin(): string {
    const { chain, coverage } = this.#deps.store.target()
    return `${chain} ${JSON.stringify(coverage)}`
  }
}

/** What is left once all final blocks are in the log. */
type LastPart = { readonly generations: Generations; readonly writer: RawLogWriter }
