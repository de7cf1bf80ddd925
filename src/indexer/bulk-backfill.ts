import type { Header } from '../core/block.ts'
import type { Fetched } from './backfill.ts'
import type { IndexerOptions, LoadProgress } from './indexer-options.ts'
import { startSize } from './range-size.ts'

/** Pause between two heartbeats, in milliseconds: a build alone may take minutes. */
const BEAT_MS = 2_000

/** A range of final blocks, and who is told. `written`: the last written block. */
type Range = {
  readonly first: number
  readonly last: number
  /** The chain's newest block. */
  readonly head: Header
  readonly written: Header | undefined
  readonly onBeat: () => Promise<void>
  readonly onProgress: (progress: LoadProgress) => void
  /** More blocks are stored, with so many transfers more than before. */
  readonly onPublished: (transfers: number) => Promise<void>
  readonly signal: AbortSignal
}

/** The counters of a heartbeat that say how far a backfill has fetched. */
export function countsOf(fetched: Fetched | undefined): Readonly<Record<string, number>> {
  return fetched === undefined ? {} : { fetched_block: fetched.block, fetched_transfers: fetched.transfers }
}

/** Loads a range in bulk. Returns false if it is to be appended instead. @throws as `BulkLoader.load` */
export async function bulkBackfill(
  { bulk, log, wholeRanges }: Pick<IndexerOptions, 'bulk' | 'log' | 'wholeRanges'>,
  { first, last, head, written, onBeat, onProgress, onPublished, signal }: Range,
): Promise<boolean> {
  if (bulk === undefined || first > last) return false
  if (!(await bulk.isFor({ first, last, written }))) {
    await bulk.drop()
    return false
  }
  log('info', 'backfill begins, as a bulk load', { first, last })
  await onBeat()
  let all = 0
  const range = {
    ...{ first, last, head, start: startSize({ first, last }, wholeRanges) },
    onCopied: (copied: number) => onProgress({ copied }),
    onFetched: (fetched: Fetched) => onProgress({ fetched, isFetched: fetched.block >= last }),
    onPublished: (_: Header, transfers: number) => {
      all = transfers
      return onPublished(transfers)
    },
  }
  // A store that cannot be written also fails what is published next.
  const beats = setInterval(() => void onBeat().catch(() => undefined), BEAT_MS)
  try {
    await bulk.load(range, signal)
  } finally {
    clearInterval(beats)
  }
  log('info', 'backfill ends', { last, transfers: all })
  return true
}
