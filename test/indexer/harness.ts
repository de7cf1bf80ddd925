import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import { type ChainId, parseChainId } from '../../src/core/chain.ts'
import type { Coverage } from '../../src/core/coverage.ts'
import { Indexer } from '../../src/indexer/indexer.ts'
import { SqliteStore } from '../../src/store/sqlite/store.ts'
import type { ChainReads, Journal } from '../../src/store/store.ts'
import type { MockChain } from '../chains/mock-chain.ts'
import { dumpChain } from '../store/dump.ts'

export const CHAIN = parseChainId('eip155:1') as ChainId
const ALL: Coverage = { scope: { type: 'all' }, from: 0 }

/** An indexer on a mock chain and a real store, driven step by step. */
export type Rig = {
  readonly indexer: Indexer
  readonly journal: Journal
  readonly reads: ChainReads
  /** Steps until the indexer has nothing to do twice in a row. */
  readonly settle: () => Promise<void>
  readonly dump: () => string[]
  readonly close: () => Promise<void>
}

export async function makeRig(chain: MockChain, coverage = ALL): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), 'steelyard-indexer-'))
  const store = new SqliteStore({ folder, codecOf: () => HEX_ACCOUNTS })
  const journal = await store.openJournal(CHAIN, coverage)
  const reads = await store.openReads(CHAIN)
  const indexer = new Indexer({
    adapter: chain,
    journal,
    observations: reads.observations,
    coverage,
    now: () => performance.now(),
    time: () => 1_000_000,
    log: () => undefined,
    report: () => undefined,
    counts: () => ({}),
  })
  const signal = new AbortController().signal
  return {
    indexer,
    journal,
    reads,
    settle: async () => {
      for (let idle = 0; idle < 3; ) idle = (await indexer.step(signal)) === 'idle' ? idle + 1 : 0
      // Reads share a snapshot for a turn: what was just written is seen in the next.
      await nextTurn()
    },
    dump: () => dumpChain(join(folder, 'eip155_1.db')),
    close: async () => {
      await nextTurn()
      await journal.close()
      await store.close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** What an undisturbed indexer makes of the chain that the node shows now. */
export async function undisturbed(chain: MockChain): Promise<string[]> {
  const rig = await makeRig(chain)
  await rig.settle()
  const lines = rig.dump()
  await rig.close()
  return lines
}
