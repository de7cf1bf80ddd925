/** Blocks that are published by a bulk load, generation by generation, or appended. */
import { expect } from 'vitest'
import { Build } from '../../src/bulk/build/build.ts'
import { RawLogWriter } from '../../src/bulk/raw-log/raw-log-writer.ts'
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import type { Header } from '../../src/core/block.ts'
import type { BlockTransfers } from '../../src/core/transfer.ts'
import type { Journal } from '../../src/store/seam/store.ts'
import { PageSink } from '../../src/store/sqlite/bulk/page-sink.ts'
import { CHAIN } from '../indexer/harness.ts'
import { ACCOUNTS, ASSETS, hashOf, type Movement, makeBlock } from '../store/chains.ts'

/** A block with its header. */
export type Block = BlockTransfers & Header

/** Blocks with these contents, from a number on. */
export function blocksOf(contents: readonly (readonly Movement[])[], first: number, branch = 0): Block[] {
  return contents.map((movements, index) => {
    const number = first + index
    const parentHash = hashOf(index === 0 ? 0 : branch, number - 1)
    const header = { number, hash: hashOf(branch, number), parentHash, timestamp: number * 12 }
    return { ...makeBlock(movements, header), parentHash }
  })
}

/** The last of some blocks. */
export const last = (blocks: readonly Block[]): Block => blocks.at(-1) as Block
const withoutParents = (blocks: readonly Block[]): BlockTransfers[] =>
  blocks.map((block) => ({ ...block, parentHash: undefined }))

function headerOf({ number, hash, parentHash, timestamp }: Block): Header {
  return { number, hash, parentHash, timestamp }
}

/** A bulk load into a journal, block by block. */
export class Load {
  readonly #journal: Journal
  readonly #writer: RawLogWriter

  constructor(journal: Journal) {
    this.#journal = journal
    const folder = journal.bulk?.folder ?? ''
    this.#writer = new RawLogWriter({ folder, origin: 'test', codec: HEX_ACCOUNTS })
  }

  /** Publishes more final blocks, and a tail of blocks that are not final. */
  async publish(blocks: readonly Block[], tail: readonly Block[] = []): Promise<void> {
    const { bulk, coverage } = this.#journal
    if (bulk === undefined) throw new Error('this engine has no bulk load')
    const finalized = headerOf(last(blocks))
    this.#writer.append(withoutParents(blocks), finalized)
    const marked = await this.#writer.writeMark(0)
    const end = tail.at(-1)
    const mark = end === undefined ? marked : this.#writer.appendTail(tail, headerOf(end))
    const target = bulk.target()
    const sink = new PageSink(target.place, { chain: CHAIN, codec: HEX_ACCOUNTS, coverage, fixed: new Map() })
    const { published } = target
    const whole = new Build({ log: bulk.folder, codec: HEX_ACCOUNTS, from: coverage.from, published }, sink)
    whole.readTo(marked)
    whole.readTo(mark)
    await whole.finish({ finalized, tail: tail.map(headerOf) })
    expect(await bulk.publish(target)).toMatchObject({ number: (end ?? finalized).number })
  }

  async end(): Promise<void> {
    await this.#writer.close()
    await this.#journal.bulk?.end()
  }
}

/** Appends blocks one by one, as in following. */
export async function append(journal: Journal, blocks: readonly Block[]): Promise<void> {
  for (const block of blocks) {
    await journal.append({ first: block.number, through: block, blocks: [block], headers: [block] })
  }
}

/** Appends final blocks in one batch. */
export const backfill = (journal: Journal, blocks: readonly Block[]): Promise<unknown> =>
  journal
    .append({ first: blocks[0]?.number ?? 0, through: last(blocks), blocks: withoutParents(blocks), headers: [] })
    .then(() => journal.finalize(last(blocks)))

/** What a block can have. */
export const BLOCK: Movement[] = [{ asset: ASSETS[0], from: undefined, to: ACCOUNTS[0], amount: 5n, item: 0 }]
