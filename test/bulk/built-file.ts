import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { type Built, build } from '../../src/bulk/build/build.ts'
import type { BuildSizes } from '../../src/bulk/build/spills.ts'
import { type SweepHelper, sweepShare } from '../../src/bulk/build/sweep-share.ts'
import { RawLogWriter } from '../../src/bulk/raw-log/raw-log-writer.ts'
import { type AccountCodec, HEX_ACCOUNTS } from '../../src/core/account.ts'
import type { Header } from '../../src/core/block.ts'
import type { Coverage } from '../../src/core/coverage.ts'
import type { BlockTransfers } from '../../src/core/transfer.ts'
import { openSinkPart } from '../../src/store/open-sink-part.ts'
import type { BulkSink } from '../../src/store/seam/bulk-sink.ts'
import type { Journal } from '../../src/store/seam/store.ts'
import { PageSink } from '../../src/store/sqlite/bulk/page-sink.ts'
import type { BuiltChain } from '../../src/store/sqlite/bulk/small-rows.ts'
import { SqlSink } from '../../src/store/sqlite/bulk/sql-sink.ts'
import { SqliteStore } from '../../src/store/sqlite/store.ts'
import { CHAIN } from '../indexer/harness.ts'

/** Sizes so small that every partition is split, and every pair is read over several extents. */
export const TINY: BuildSizes = { sortBytes: 1, extentBytes: 1024, partitionBytes: 256 }

/** Blocks up to a header, of a coverage. */
export type Chain = {
  readonly coverage: Coverage
  readonly blocks: readonly BlockTransfers[]
  readonly through: Header
  readonly codec?: AccountCodec
}

/** Runs work in a folder that is removed afterwards. */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'steelyard-bulk-'))
  try {
    return await work(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** The only facts file in a folder. */
export function generationIn(folder: string): string {
  const files = readdirSync(folder).filter((name) => /^eip155_1(\.g\d+)?\.db$/.test(name))
  if (files.length !== 1) throw new Error(`there are ${files.length} facts files`)
  return join(folder, files[0] ?? '')
}

/** Opens a journal in a folder for some work. */
export async function withJournal(
  folder: string,
  { coverage, codec = HEX_ACCOUNTS }: Pick<Chain, 'coverage' | 'codec'>,
  work: (journal: Journal, store: SqliteStore) => Promise<void>,
): Promise<void> {
  const store = new SqliteStore({ folder, codecOf: () => codec })
  try {
    const journal = await store.openJournal(CHAIN, coverage)
    await work(journal, store)
    await journal.close()
  } finally {
    await store.close()
  }
}

/** Appends a chain in one batch, as a backfill does. Returns the file. */
export async function appendedFile(folder: string, chain: Chain): Promise<string> {
  const { coverage, blocks, through } = chain
  await withJournal(folder, chain, async (journal) => {
    await journal.append({ first: coverage.from, through, blocks, headers: [] })
    await journal.finalize(through)
  })
  return join(folder, 'eip155_1.db')
}

/** Makes a sink of a file. */
type MakeSink = (file: string, whose: BuiltChain) => BulkSink

/** A sink that writes rows by SQL. */
export const sqlSink: MakeSink = (file, whose) => new SqlSink(file, whose)

/** A sink that writes pages. */
export const pageSink: MakeSink = (file, whose) => new PageSink(file, whose)

/** A helper in this thread: it sweeps so many of the last partitions at first, as another thread would beside the build. */
export function helperOf(partitions: number): SweepHelper {
  return {
    sweep: async (given) => {
      const job = structuredClone(given)
      const taken = new Int32Array(job.claims)
      const all = job.changes.extents.length
      const own = Math.min(partitions, all)
      taken[0] = all - own
      const swept = sweepShare(job, openSinkPart(job.place))
      // The rest is left to the build.
      taken[0] = own
      return structuredClone(swept)
    },
  }
}

/** Writes a chain's raw log, and builds its file from that. */
export async function builtFile(
  folder: string,
  chain: Chain,
  how: { readonly sink?: MakeSink; readonly sizes?: BuildSizes; readonly helper?: SweepHelper } = {},
): Promise<Built & { readonly file: string }> {
  const { coverage, blocks, through, codec = HEX_ACCOUNTS } = chain
  mkdirSync(folder, { recursive: true })
  const log = join(folder, 'log')
  const writer = new RawLogWriter({ folder: log, origin: 'test', codec })
  writer.append(blocks, through)
  const mark = await writer.writeMark(0)
  await writer.close()
  const file = join(folder, 'built.db')
  const { scope, from } = coverage
  const accounts = scope.type === 'accounts' ? scope.accounts : undefined
  const options: Parameters<typeof build>[0] = {
    log,
    mark,
    codec,
    from,
    published: undefined,
    accounts,
    ...(how.sizes ? { sizes: how.sizes } : {}),
    helper: how.helper,
  }
  const sink = (how.sink ?? pageSink)(file, { chain: CHAIN, codec, coverage, fixed: new Map() })
  return { ...(await build(options, sink)), file }
}

/** What SQLite's own check says of a file: `ok`. */
export function integrityOf(file: string): unknown {
  const db = new Database(file, { readonly: true })
  try {
    return db.pragma('integrity_check', { simple: true })
  } finally {
    db.close()
  }
}
