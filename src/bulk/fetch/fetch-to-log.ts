import type { ChainAdapter, FetchScope } from '../../chains/adapter.ts'
import type { AccountCodec } from '../../core/account.ts'
import { sameBlock } from '../../core/block.ts'
import { fetchRanges, type RangeContent } from '../../indexer/range-fetcher.ts'
import type { RangeSize } from '../../indexer/range-size.ts'
import type { Mark } from '../raw-log/mark.ts'
import { PackedBlocks } from '../raw-log/packed-blocks.ts'
import type { RawLogWriter } from '../raw-log/raw-log-writer.ts'

/** What to append to a raw log. */
export type FetchToLogOptions = {
  readonly adapter: ChainAdapter
  readonly scope: FetchScope
  readonly codec: AccountCodec
  /** Of the same chain, scope and first block. */
  readonly writer: RawLogWriter
  /** The first block of an empty log. Another log goes on from its own last block. */
  readonly first: number
  /** Last block to fetch; final, so that no reorg can change the range. */
  readonly last: number
  readonly signal: AbortSignal
  /** Monotonic milliseconds. */
  readonly now: () => number
  readonly start?: RangeSize
  readonly sizes?: { last: RangeSize }
  /** Called once, shortly before all ranges are requested. */
  readonly onNearEnd?: () => void
  /** Called after each answer, in order, with what the log has now. It may not be durable yet. */
  readonly onAnswer?: (appended: RawLogWriter['appended']) => void
  /** Called with each mark, once it is durable. */
  readonly onMark?: (mark: Mark) => void
  /** Called between them with how far the log can be read: never farther than the next durable mark. */
  readonly onReadable?: (mark: Mark) => void
}

/**
 * Fetches blocks and appends them to a raw log, with a mark every now and then and one at the end, which it returns. After
 * an error the blocks up to the last mark are kept.
 * @throws NODE_* the adapter gave up; STORE_FULL, STORE_UNAVAILABLE; ABORTED
 */
export async function fetchToLog(options: FetchToLogOptions): Promise<Mark> {
  const { writer, now, last } = options
  const first = Math.max(options.first, (writer.appended.through?.number ?? -1) + 1)
  const packs = new Packs()
  const read = reader(options, packs)
  let marking: Promise<void> | undefined
  let failure: { readonly error: unknown } | undefined
  const mark = async (): Promise<void> => {
    try {
      const written = await writer.writeMark(now())
      options.onMark?.(written)
    } catch (error) {
      failure = { error }
    } finally {
      marking = undefined
    }
  }
  for await (const { blocks: packed, through } of fetchRanges({ ...options, first, last, read })) {
    if (failure !== undefined) throw failure.error
    writer.appendPacked(packed, through)
    packs.give(packed)
    options.onAnswer?.(writer.appended)
    // Fetching goes on while the disk writes.
    if (marking !== undefined) continue
    if (writer.isMarkDue(now())) marking = mark()
    else tell(writer.readableMark(now()), options)
  }
  await marking
  await mark()
  if (failure !== undefined) throw failure.error
  return writer.mark
}

function tell(readable: Mark | undefined, { onReadable }: FetchToLogOptions): void {
  if (readable !== undefined) onReadable?.(readable)
}

/**
 * True if the chain still has the last block of a log, or the log is empty. Otherwise the log must be removed: even final
 * blocks are replaced where a local chain begins anew.
 */
export async function isStillOnChain(
  adapter: Pick<ChainAdapter, 'headers'>,
  { appended: { through } }: Pick<RawLogWriter, 'appended'>,
  signal: AbortSignal,
): Promise<boolean> {
  if (through === undefined) return true
  const { number } = through
  const [header] = await adapter.headers({ first: number, last: number }, signal)
  return header !== undefined && sameBlock(header, through)
}

type Read = (range: { readonly first: number; readonly last: number }) => Promise<RangeContent<PackedBlocks>>

function reader({ adapter, scope, codec, signal }: FetchToLogOptions, packs: Packs): Read {
  return async (range) => {
    const request = { ...range, scope }
    const packed = packs.take()
    try {
      if (adapter.packTransfers !== undefined) await adapter.packTransfers(request, packed, signal)
      else for (const block of await adapter.transfers(request, signal)) packed.add(block, codec)
    } catch (error) {
      packs.give(packed)
      throw error
    }
    return { blocks: packed, transfers: packed.transfers }
  }
}

/** Memory of answers, used again. There are as many as answers that wait at once. */
class Packs {
  readonly #free: PackedBlocks[] = []

  take(): PackedBlocks {
    return this.#free.pop() ?? new PackedBlocks()
  }

  give(packed: PackedBlocks): void {
    packed.clear()
    this.#free.push(packed)
  }
}
