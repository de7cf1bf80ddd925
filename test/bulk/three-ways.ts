/** A story's chain through append, through a bulk load, and half and half. */
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
import { ENGINES, placeMaker, type StorePlace } from '../store/engines.ts'
import { helperOf, inFolder, TINY } from './built-file.ts'
import { type Block, blocksOf, CODEC, fixedOf, play, type Told } from './told-story.ts'

const last = (blocks: readonly Block[]): Block => blocks.at(-1) as Block
const headerOf = ({ number, hash, parentHash, timestamp }: Block): Header => ({ number, hash, parentHash, timestamp })
const withoutParents = (blocks: readonly Block[]) => blocks.map((block) => ({ ...block, parentHash: undefined }))

/** A store in a place, in which a story happens. */
class Site {
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
    const stored = bulk.open()
    if (stored !== undefined && stored.through.number > (writer.appended.through?.number ?? -1)) {
      const { signal } = new AbortController()
      await copyToLog({ stored, writer, now: () => 0, signal, onCopied: () => undefined })
    }
    stored?.close()
    return writer
  }
}

type Publishing = { readonly tail?: readonly Block[]; readonly during?: () => Promise<void> }

/** A way of storing the parts of a story. */
type Way = (site: Site, parts: readonly (readonly Block[])[]) => Promise<void>

const events = async (site: Site, parts: readonly number[]): Promise<void> => {
  for (const part of parts) await site.events(part)
}

async function append(site: Site, parts: readonly (readonly Block[])[], from = 0): Promise<void> {
  for (const [index, blocks] of parts.entries()) {
    await site.backfill(blocks)
    await events(site, [from + index])
  }
}

/** Publishes each part. `tail`: the last one is published with these blocks, and its events happen before that. */
async function publish(
  site: Site,
  parts: readonly (readonly Block[])[],
  { from = 0, tail = [] as readonly Block[] },
): Promise<void> {
  const { told } = site
  const isLast = (index: number): boolean => index === parts.length - 1
  let waiting: number[] = []
  for (const [index, blocks] of parts.entries()) {
    const late = waiting
    waiting = []
    await site.publish(blocks, {
      tail: isLast(index) ? tail : [],
      // A process that ends takes its builds with it.
      during: async () => events(site, late),
    })
    const { isLate = false, ends = false } = told.parts[from + index] ?? {}
    if (isLate && !ends && !isLast(index)) waiting = [from + index]
    else await events(site, [from + index])
  }
  await site.end()
}

/** Appends, and then is on a lost branch for a while. */
const appended =
  (cut: number, lost: readonly Block[]): Way =>
  async (site, parts) => {
    await append(site, parts.slice(0, cut))
    await getLost(site, lost)
    await append(site, parts.slice(cut), cut)
  }

async function getLost(site: Site, lost: readonly Block[]): Promise<void> {
  if (lost.length === 0) return
  await site.follow(lost)
  await site.rollBack(lost.length)
}

/** The dump of what a way stores, followed by live blocks and a reorg. `hasTail`: the live blocks are stored already. */
async function dumpOf(
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

function partsOf(told: Told): { readonly parts: readonly Block[][]; readonly live: readonly Block[] } {
  let next = told.coverage.from
  const take = (contents: Told['live']): Block[] => {
    const blocks = blocksOf(told, contents, { first: next })
    next += blocks.length
    return blocks
  }
  return { parts: told.parts.map(({ blocks }) => take(blocks)), live: take(told.live) }
}

/** Compares a story whose live blocks are published with the last final ones. */
async function compareTail(told: Told): Promise<void> {
  const { parts, live } = partsOf(told)
  const isLast = (index: number): boolean => index === parts.length - 1
  const quiet = {
    ...told,
    parts: told.parts.map((part, index) => ({ ...part, events: isLast(index) ? [] : part.events })),
  }
  const withTail = await dumpOf(quiet, (site, own) => publish(site, own, { tail: [...live] }), { hasTail: true })
  expect(withTail.map(withoutTime)).toEqual((await dumpOf(quiet, append)).map(withoutTime))
}

/** Compares a story through append, through a bulk load with and without blocks that are not final, and half and half. */
export async function compareWays(told: Told): Promise<void> {
  const { parts } = partsOf(told)
  const cut = 1 + (told.cut % (parts.length - 1))
  const lost = blocksOf(told, told.lost, { first: last(parts[cut - 1] ?? []).number + 1, branch: 1 })
  const straight = await dumpOf(told, appended(cut, []))
  const all = await dumpOf(told, (site, own) => publish(site, own, {}))
  expect(all).toEqual(straight)
  if (told.hasTail) await compareTail(told)
  const crooked = lost.length === 0 ? straight : await dumpOf(told, appended(cut, lost))
  const bulkFirst = await dumpOf(told, async (site, own) => {
    await publish(site, own.slice(0, cut), {})
    await getLost(site, lost)
    await append(site, own.slice(cut), cut)
  })
  expect(bulkFirst).toEqual(crooked)
  const bulkLast = await dumpOf(told, async (site, own) => {
    await append(site, own.slice(0, cut))
    await getLost(site, lost)
    await publish(site, own.slice(cut), { from: cut })
  })
  expect(bulkLast).toEqual(crooked)
}

/** Without the newest block when a pair was last refuted: blocks that are not final are stored one by one, or all at once. */
function withoutTime(line: string): string {
  return line.replace(/^(refuted_pairs .*) block=\d+/, '$1')
}

/**
 * Compares a story whose final blocks are published at once, in the place of a chain without blocks, with one that appends them:
 * on each engine. What happens in the first part happens before, and what happens in the last part after that.
 */
export async function compareOnce(told: Told): Promise<void> {
  const [first, end] = [told.parts[0]?.events ?? [], told.parts.at(-1)?.events ?? []]
  const once = {
    ...told,
    parts: [
      {
        blocks: told.parts.flatMap(({ blocks }) => blocks),
        events: end,
        isLate: false,
        ends: told.parts[0]?.ends ?? false,
      },
    ],
  }
  const { live } = partsOf(once)
  const { hasTail } = told
  const straight = await dumpOf(
    once,
    async (site, [blocks = []]) => {
      await site.early(first, blocks)
      await site.backfill(blocks)
      if (hasTail) await site.follow(live)
      await site.events(0)
    },
    { hasTail },
  )
  for (const { name, makePlace } of ENGINES) {
    const bulk = await dumpOf(
      once,
      async (site, [blocks = []]) => {
        await site.publish(blocks, { tail: hasTail ? live : [], during: () => site.early(first, blocks) })
        await site.events(0)
        await site.end()
      },
      { hasTail, makePlace },
    )
    if (hasTail) expect(bulk.map(withoutTime), name).toEqual(straight.map(withoutTime))
    else expect(bulk, name).toEqual(straight)
  }
}
