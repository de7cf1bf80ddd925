/** A chain of final blocks that is loaded in bulk, and an indexer for it. */
import { setImmediate as nextTick } from 'node:timers/promises'
import type { BuildStep, Built } from '../../src/bulk/build/build.ts'
import { BulkLoad } from '../../src/bulk/load/bulk-load.ts'
import { type BuildJob, CheckedBuild } from '../../src/bulk/load/checked-build.ts'
import type { RunningBuild } from '../../src/bulk/load/generations.ts'
import type { PackedBlocks } from '../../src/bulk/raw-log/packed-blocks.ts'
import type { ChainAdapter, TransferRange } from '../../src/chains/adapter.ts'
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import type { Coverage } from '../../src/core/coverage.ts'
import type { BlockTransfers } from '../../src/core/transfer.ts'
import { Indexer } from '../../src/indexer/indexer.ts'
import type { IndexerReport } from '../../src/indexer/indexer-options.ts'
import { findBuildFault, openBulkSink } from '../../src/store/open-sink.ts'
import type { Store } from '../../src/store/seam/store.ts'
import { SqliteStore } from '../../src/store/sqlite/store.ts'
import type { JournalStep } from '../../src/store/sqlite/write/journal-options.ts'
import { MockChain } from '../chains/mock-chain.ts'
import { CHAIN } from '../indexer/harness.ts'
import { ACCOUNTS, ASSETS, type Movement } from '../store/chains.ts'
import { dumpChain } from '../store/dump.ts'
import { placeMaker } from '../store/engines.ts'
import { generationIn } from './built-file.ts'

/** Everything from the first block on. */
export const ALL: Coverage = { scope: { type: 'all' }, from: 0 }
/** The chain's last block. */
export const HEAD = 2_100
/** Its last final block. */
export const FINAL = 2_090

/** A chain of HEAD blocks, every third with transfers, that can be read as records. */
class FinalChain extends MockChain {
  readonly #onRange: (first: number) => void

  constructor(onRange: (first: number) => void, head: number, times: number) {
    super()
    this.#onRange = onRange
    for (let number = 0; number <= head; number++) {
      this.add(
        `${number}`,
        number === 0 ? undefined : `${number - 1}`,
        number % 3 === 0 ? movementsOf(number, times) : [],
      )
    }
    this.show(`${head}`, Math.min(FINAL, head))
  }

  override async transfers(range: TransferRange): Promise<readonly BlockTransfers[]> {
    this.#onRange(range.first)
    return super.transfers(range)
  }

  async packTransfers(range: TransferRange, into: PackedBlocks): Promise<void> {
    for (const block of await this.transfers(range)) into.add(block, HEX_ACCOUNTS)
  }
}

function movementsOf(number: number, times: number): Movement[] {
  return Array.from({ length: times }, () => ASSETS).flatMap((assets) =>
    assets.map((asset, index) => {
      const [from, to] = [ACCOUNTS[(number + index) % 6], ACCOUNTS[(number * 7 + index) % 6]]
      return { asset, from, to, amount: BigInt(number), item: number % 5 }
    }),
  )
}

/** The chain, up to a block. `onRange` is called before a range is read, and may fail. `times`: how often it has each transfer. */
export function makeChain(onRange: (first: number) => void = () => undefined, head = HEAD, times = 1): ChainAdapter {
  return new FinalChain(onRange, head, times)
}

/** How a chain is indexed. `onStep`: called at the steps of the journal and of builds. `now`: monotonic milliseconds. */
type Run = {
  readonly chain?: ChainAdapter
  readonly isBulk: boolean
  readonly reports?: IndexerReport[]
  readonly onStep?: (step: JournalStep | BuildStep) => void
  readonly now?: () => number
  /** What is missing is always loaded in bulk, not only where that is cheaper. */
  readonly isEager?: boolean
  /** Begins a build; in this thread if not given. */
  readonly build?: (job: BuildJob, signal: AbortSignal) => RunningBuild
}

/** Indexes into a folder until idle, or until an error. Returns the error. */
export function index(folder: string, run: Run): Promise<unknown> {
  const { onStep = () => undefined } = run
  return indexStore(new SqliteStore({ folder, codecOf: () => HEX_ACCOUNTS, onStep }), run)
}

/** Indexes into a store until idle, or until an error, and closes it. Returns the error. */
export async function indexStore(store: Store, run: Run): Promise<unknown> {
  const { chain = makeChain(), isBulk, reports = [], onStep = () => undefined, now = () => performance.now() } = run
  const journal = await store.openJournal(CHAIN, ALL)
  const reads = await store.openReads(CHAIN)
  const deps = { now, log: () => undefined }
  const inThread = (job: BuildJob, signal: AbortSignal): RunningBuild => {
    const checked = new CheckedBuild(job, {
      codec: HEX_ACCOUNTS,
      openSink: (by) => openBulkSink(job.target, HEX_ACCOUNTS, by),
      findFault: (expected) => findBuildFault(job.target, { codec: HEX_ACCOUNTS }, expected),
      warn: (message, { fault }) => {
        throw new Error(`${message}: ${String(fault)}`)
      },
      onStep,
    })
    return running(checked, signal)
  }
  const { build = inThread, isEager = false } = run
  const bulk =
    isBulk && journal.bulk !== undefined
      ? new BulkLoad({
          ...{ ...deps, adapter: chain, store: journal.bulk, coverage: ALL, codec: HEX_ACCOUNTS, build },
          ...(isEager ? { isCheaper: () => true } : {}),
        })
      : undefined
  const indexer = new Indexer({
    ...{ ...deps, adapter: chain, journal, observations: reads.observations, bulk },
    time: () => 1_000_000,
    report: (report) => void reports.push(report),
    counts: () => ({}),
  })
  try {
    while ((await indexer.step(new AbortController().signal)) === 'more');
    return undefined
  } catch (error) {
    return error
  } finally {
    await nextTick()
    await journal.close()
    await store.close()
  }
}

/** What append stores of the chain in the embedded store, as `StorePlace.dumpChain`. */
export async function appendedDump(chain?: ChainAdapter): Promise<readonly string[]> {
  const place = await placeMaker('sqlite')()
  try {
    await indexStore(await place.open(), { isBulk: false, ...(chain === undefined ? {} : { chain }) })
    return await place.dumpChain(CHAIN)
  } finally {
    await place.end()
  }
}

/** The dump of the only facts file in a folder. */
export function dumpOf(folder: string): string[] {
  return dumpChain(generationIn(folder))
}

/** A build in this thread: it reads and writes when it is told to. */
function running(build: CheckedBuild, signal: AbortSignal): RunningBuild {
  let finish: RunningBuild['finish'] = () => undefined
  let readTo: RunningBuild['readTo'] = () => undefined
  const built = new Promise<Built>((resolve, reject) => {
    finish = (mark, ends) => resolve(build.finish(mark, ends))
    readTo = (mark) => void build.readTo(mark).catch(reject)
    signal.addEventListener('abort', () => {
      build.abandon()
      reject(signal.reason)
    })
  })
  return { readTo, finish, built }
}
