/** A store in which a story happens, and what is in it in the end. */
import { expect } from 'vitest'
import { Build } from '../../src/bulk/build/build.ts'
import { copyToLog } from '../../src/bulk/load/copy-stored.ts'
import { LogSample } from '../../src/bulk/load/sample-log.ts'
import { RawLogReader } from '../../src/bulk/raw-log/raw-log-reader.ts'
import { RawLogWriter } from '../../src/bulk/raw-log/raw-log-writer.ts'
import type { Header } from '../../src/core/block.ts'
import { openBulkSink } from '../../src/store/open-sink.ts'
import { leaveSample } from '../../src/store/postgres/bulk/sample.ts'
import type { BulkStore } from '../../src/store/seam/bulk-load.ts'
import type { Journal, Store } from '../../src/store/seam/store.ts'
import { CHAIN } from '../indexer/harness.ts'
import { placeMaker, type StorePlace } from '../store/engines.ts'
import { helperOf, inFolder, TINY } from './built-file.ts'
import { type Block, blocksOf, CODEC, fixedOf, play, type Told } from './told-story.ts'

/** The last one of some blocks. */
export const last = (blocks: readonly Block[]): Block => blocks.at(-1) as Block
const headerOf = ({ number, hash, parentHash, timestamp }: Block): Header => ({ number, hash, parentHash, timestamp })
const withoutParents = (blocks: readonly Block[]) => blocks.map((block) => ({ ...block, parentHash: undefined }))

/** A store in a place, in which a story happens. */
export class Site {
  readonly told: Told
  /** All blocks that are stored. */
  blocks: Block[] = []
  readonly #place: StorePlace
  readonly #loadFolder: string
  #store: Store | undefined
  #journal: Journal | undefined
  #writer: RawLogWriter | undefined

  constructor(told: Told, place: StorePlace, loadFolder: string) {
    this.told = told
    this.#place = place
    this.#loadFolder = loadFolder
  }

  async open(): Promise<Journal> {
    const { told } = this
    const how = { codecOf: () => CODEC, classesOf: () => fixedOf(told), loadFolder: this.#loadFolder }
    this.#store ??= await this.#place.open(how)
    this.#journal ??= await this.#store.openJournal(CHAIN, this.told.coverage)
    return this.#journal
  }

  async close(): Promise<void> {
    await this.#writer?.close()
    await this.#journal?.close()
    await this.#store?.close()
    this.#writer = undefined
    this.#journal = undefined
    this.#store = undefined
  }

  /** Appends the final blocks of a part in one batch. */
  async backfill(blocks: readonly Block[]): Promise<void> {
    const journal = await this.open()
    const through = last(blocks)
    const batch = { first: blocks[0]?.number ?? 0, through, blocks: withoutParents(blocks), headers: [] }
    await journal.append(batch)
    await journal.finalize(through)
    this.blocks.push(...blocks)
  }

  /** Appends blocks one by one. */
  async follow(blocks: readonly Block[]): Promise<void> {
    const journal = await this.open()
    for (const block of blocks) {
      await journal.append({ first: block.number, through: block, blocks: [block], headers: [block] })
    }
    this.blocks.push(...blocks)
  }

  async rollBack(back: number): Promise<void> {
    const journal = await this.open()
    if (back > 0) this.blocks.splice(-back)
    await journal.rollback(last(this.blocks))
  }

  /** What happens after a part. */
  async events(part: number): Promise<void> {
    const { events = [], ends = false } = this.told.parts[part] ?? {}
    for (const event of events)
      await play(event, { journal: await this.open(), coverage: this.told.coverage, blocks: this.blocks })
    if (ends) await this.close()
  }

  /** What happens before any block is stored. */
  async early(events: Told['parts'][number]['events'], blocks: readonly Block[]): Promise<void> {
    for (const event of events) await play(event, { journal: await this.open(), coverage: this.told.coverage, blocks })
  }

  /** Publishes final blocks and a tail of others. `during`: happens while they are built. */
  async publish(blocks: readonly Block[], { tail = [], during = async () => undefined }: Publishing): Promise<void> {
    const bulk = await this.#bulk()
    const writer = await this.#log(bulk)
    const finalized = headerOf(last(blocks))
    writer.append(withoutParents(blocks), finalized)
    const marked = await writer.writeMark(0)
    const target = bulk.target()
    const options = {
      log: bulk.folder,
      codec: CODEC,
      from: this.told.coverage.from,
      published: target.published,
      sizes: TINY,
      // Some generations are swept by two threads.
      helper: target.engine === 'postgres' || this.blocks.length % 2 === 0 ? undefined : helperOf(128),
    }
    const whole = new Build(options, openBulkSink(target, CODEC, 'pages'))
    whole.readTo(marked)
    await during()
    const mark = tail.length === 0 ? marked : writer.appendTail(tail, headerOf(last(tail)))
    whole.readTo(mark)
    const rows = await whole.finish({ finalized, tail: tail.map(headerOf) })
    if (target.engine === 'postgres') {
      // What is to be looked up once the rows are in the database.
      const sample = new LogSample(new RawLogReader(bulk.folder, mark), CODEC).choose(Math.random)
      const keeps = (account: string): boolean => account !== CODEC.zeroAddress
      expect(leaveSample(target.place, CODEC, { rows, sample, keeps })).toBeUndefined()
    }
    this.blocks.push(...blocks, ...tail)
    expect(await (await this.#bulk()).publish(target)).toMatchObject({ number: last(this.blocks).number })
  }

  async end(): Promise<void> {
    await this.#writer?.close()
    this.#writer = undefined
    await (await this.#bulk()).end()
  }

  async #bulk(): Promise<BulkStore> {
    const { bulk } = await this.open()
    if (bulk === undefined) throw new Error('this engine has no bulk load')
    return bulk
  }

  /** The log, with all that is stored. */
  async #log(bulk: BulkStore): Promise<RawLogWriter> {
    if (this.#writer !== undefined) return this.#writer
    const writer = new RawLogWriter({ folder: bulk.folder, origin: 'test', codec: CODEC })
    this.#writer = writer
    const stored = await bulk.open()
    if (stored !== undefined && stored.through.number > (writer.appended.through?.number ?? -1)) {
      const { signal } = new AbortController()
      await copyToLog({ stored, writer, now: () => 0, signal, onCopied: () => undefined })
    }
    await stored?.close()
    return writer
  }
}

type Publishing = { readonly tail?: readonly Block[]; readonly during?: () => Promise<void> }

/** A way of storing the parts of a story. */
export type Way = (site: Site, parts: readonly (readonly Block[])[]) => Promise<void>

/** The dump of what a way stores, followed by live blocks and a reorg. `hasTail`: the live blocks are stored already. */
export async function dumpOf(
  told: Told,
  way: Way,
  { hasTail = false, makePlace = placeMaker('sqlite') }: Dumping = {},
): Promise<readonly string[]> {
  return inFolder(async (folder) => {
    const place = await makePlace()
    const site = new Site(told, place, folder)
    try {
      const { parts, live } = partsOf(told)
      await way(site, parts)
      if (!hasTail) await site.follow(live)
      await site.rollBack(Math.min(told.back, live.length))
      await site.follow(blocksOf(told, told.after, { first: last(site.blocks).number + 1, branch: 1 }))
      await site.close()
      return await place.dumpWhole(CHAIN)
    } finally {
      await site.close()
      await place.end()
    }
  })
}

type Dumping = { readonly hasTail?: boolean; readonly makePlace?: () => Promise<StorePlace> }

/** The blocks of each part of a story, and its live ones. */
export function partsOf(told: Told): { readonly parts: readonly Block[][]; readonly live: readonly Block[] } {
  let next = told.coverage.from
  const take = (contents: Told['live']): Block[] => {
    const blocks = blocksOf(told, contents, { first: next })
    next += blocks.length
    return blocks
  }
  return { parts: told.parts.map(({ blocks }) => take(blocks)), live: take(told.live) }
}

/**
 * Lines of a dump without the newest block when a pair was last refuted: blocks that are not final are stored one by one, or all at
 * once.
 */
export function withoutTimes(lines: readonly string[]): readonly string[] {
  return lines.map((line) => line.replace(/^(refuted_pairs .*) block=\d+/, '$1')).sort()
}
