import { setImmediate as nextTick } from 'node:timers/promises'
import { Auditor } from '../../src/audit/auditor.ts'
import type { ChainAdapter } from '../../src/chains/adapter.ts'
import { type AccountCodec, HEX_ACCOUNTS } from '../../src/core/account.ts'
import type { Accounting } from '../../src/core/asset.ts'
import type { Coverage } from '../../src/core/coverage.ts'
import { Indexer } from '../../src/indexer/indexer.ts'
import type { IndexerOptions } from '../../src/indexer/indexer-options.ts'
import type { ChainReads, Journal } from '../../src/store/seam/store.ts'
import type { MockChain } from '../chains/mock-chain.ts'
import { CHAIN, newPlace, type StorePlace } from '../store/engines.ts'

export { CHAIN }

const ALL: Coverage = { scope: { type: 'all' }, from: 0 }

/** An audit that still finds work after so many rounds is accepted as it is. */
const MAX_ROUNDS = 50

/** An indexer on a mock chain and a real store, driven step by step. */
export type Rig = {
  readonly indexer: Indexer
  readonly journal: Journal
  readonly reads: ChainReads
  /** Steps until the indexer was idle three times in a row. */
  readonly settle: () => Promise<void>
  /** Settles, audits until nothing is due, and returns the auditor's counters. */
  readonly audit: () => Promise<Readonly<Record<string, number>>>
  /** One round of the audit, due or not. */
  readonly round: () => Promise<void>
  readonly auditor: Auditor
  readonly dump: () => Promise<readonly string[]>
  /** Stops the rig and keeps its place, for another rig that continues there. */
  readonly stop: () => Promise<StorePlace>
  readonly close: () => Promise<void>
}

export type RigOptions = {
  readonly classes?: ReadonlyMap<string, Accounting>
  readonly ranges?: number
  /** That of a stopped rig. */
  readonly place?: StorePlace
  /** Unix seconds. */
  readonly time?: () => number
  /** Monotonic milliseconds. */
  readonly now?: () => number
  readonly log?: IndexerOptions['log']
  /** That of the chain's kind, if it is not EVM's. */
  readonly codec?: AccountCodec
  /** The accounts that are to be followed. */
  readonly wanted?: () => Promise<readonly string[]>
}

export async function makeRig(chain: ChainAdapter, coverage = ALL, options: RigOptions = {}): Promise<Rig> {
  const { classes, place = await newPlace(), codec = HEX_ACCOUNTS, wanted, ranges } = options
  const { time = () => 1_000_000, now = () => performance.now(), log = () => undefined } = options
  const store = await place.open({ codecOf: () => codec, classesOf: () => classes ?? new Map() })
  const journal = await store.openJournal(CHAIN, coverage)
  const reads = await store.openReads(CHAIN)
  const parts = { adapter: chain, journal, now, time, log }
  const { coverage: indexed } = journal
  const limits = ranges === undefined ? {} : { ranges }
  const audit = new Auditor({ ...parts, ...limits, reads, coverage: indexed, zeroAddress: undefined })
  const indexer = new Indexer({
    ...parts,
    ...(wanted === undefined ? {} : { wanted }),
    audit,
    observations: reads.observations,
    report: () => undefined,
    counts: () => ({}),
  })
  const signal = new AbortController().signal
  const settle = async (): Promise<void> => {
    for (let idle = 0; idle < 3; ) idle = (await indexer.step(signal)) === 'idle' ? idle + 1 : 0
    // Reads share a snapshot within a tick: the next tick sees what was just written.
    await nextTick()
  }
  const stop = async (): Promise<StorePlace> => {
    await nextTick()
    await journal.close()
    await store.close()
    return place
  }
  return {
    indexer,
    journal,
    reads,
    settle,
    audit: async () => {
      await settle()
      for (let rounds = 0; audit.isDue && rounds < MAX_ROUNDS; rounds++) await audit.round(signal)
      audit.ended(undefined)
      await nextTick()
      return audit.counts()
    },
    round: async () => {
      await audit.round(signal)
      await nextTick()
    },
    auditor: audit,
    stop,
    dump: () => place.dumpChain(CHAIN),
    close: async () => {
      await stop()
      await place.end()
    },
  }
}

/** The store of an indexer that follows the shown chain without disturbance. */
export async function undisturbed(chain: MockChain, coverage = ALL): Promise<readonly string[]> {
  const rig = await makeRig(chain, coverage)
  await rig.settle()
  const lines = await rig.dump()
  await rig.close()
  return lines
}
