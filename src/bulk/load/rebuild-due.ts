import type { StoredExtent } from '../../store/seam/stored-chain.ts'

// Microseconds of processor time for each, measured with `bench/catch-up.ts` (decision 44).
/** Reads a stored transfer and writes it to the raw log. */
const COPY_US = 6
/** Builds a transfer, from the raw log to the published file. */
const BUILD_US = 5
/** Applies an opening that a read told to a built file. */
const OPENING_US = 100
/** Appends a transfer to a small file, and how much more that costs for each million of stored transfers, up to a limit. */
const APPEND_US = 55
const APPEND_US_A_MILLION = 20
const MAX_APPEND_US = 400

/** Begins and ends a load: threads, the check, the swap. */
const LOAD_US = 500_000

/** What is stored, how many blocks follow it, and how many transfers are in a log that was begun. */
export type Gap = Omit<StoredExtent, 'isPinned'> & { readonly blocks: number; readonly logged?: number }

/** About how many transfers a gap has, if its blocks are like the newest stored ones. */
export function transfersOf({ perBlock, blocks }: Pick<Gap, 'perBlock' | 'blocks'>): number {
  return Math.ceil(perBlock * blocks)
}

/** About how long a build of so many transfers takes. */
export function buildMsOf(transfers: number): number {
  return (transfers * BUILD_US) / 1000
}

/** True if to append a gap costs more processor time than to build all anew. To fetch it costs the same both ways. */
export function isRebuildCheaper(gap: Gap): boolean {
  const missing = transfersOf(gap)
  const append = missing * Math.min(MAX_APPEND_US, APPEND_US + (APPEND_US_A_MILLION * gap.transfers) / 1e6)
  const copied = Math.max(0, gap.transfers - (gap.logged ?? 0))
  const rebuild = LOAD_US + copied * COPY_US + (gap.transfers + missing) * BUILD_US + gap.openings * OPENING_US
  return rebuild < append
}
