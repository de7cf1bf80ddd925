import { setImmediate as nextTick } from 'node:timers/promises'
import { Auditor } from '../../src/audit/auditor.ts'
import type { Coverage } from '../../src/core/coverage.ts'
import { Indexer } from '../../src/indexer/indexer.ts'
import type { Store } from '../../src/store/seam/store.ts'
import { StatefulChain } from '../chains/stateful-chain.ts'
import { CHAIN } from '../indexer/harness.ts'
import { ACCOUNTS, ASSETS, type Movement } from '../store/chains.ts'

const LAST = 24
const ALL: Coverage = { scope: { type: 'all' }, from: 0 }
const [coin, second, , , third] = ASSETS

/** A chain with a token that rebases. Its node omits logs: a payment, and a mint that later payments depend on. */
function auditChain(): StatefulChain {
  const mint = (asset: Movement['asset'], to: number): Movement => {
    return { asset, from: undefined, to: ACCOUNTS[to], amount: 1_000n, item: to }
  }
  const chain = new StatefulChain()
    .add('0', undefined)
    .add('1', '0', [mint(coin, 0), mint(second, 0), mint(third, 0)])
    .add('2', '1', [mint(coin, 1), mint(second, 1)])
  for (let number = 3; number <= LAST; number++) {
    const [from, to] = [ACCOUNTS[number % 2], ACCOUNTS[number % 5]]
    chain.add(`${number}`, `${number - 1}`, [
      { asset: coin, from, to, amount: BigInt(number), item: 0 },
      { asset: second, from, to, amount: 1n, item: 0 },
    ])
  }
  chain.hide('2', [0]).hide('12', [0])
  return chain.silently('20', [mint(second, 1)]).show(`${LAST}`)
}

/** An indexer and its audit on a store. `settle` runs them until nothing is due. */
export async function makeAuditRig(store: Store) {
  const adapter = auditChain()
  const journal = await store.openJournal(CHAIN, ALL)
  const reads = await store.openReads(CHAIN)
  const { signal } = new AbortController()
  const parts = { adapter, journal, coverage: ALL, now: () => performance.now(), log: () => undefined }
  const audit = new Auditor({ ...parts, reads, zeroAddress: undefined, time: () => 1_000_000 })
  const { observations } = reads
  const told = { time: () => 1_000_000, report: () => undefined, counts: () => ({}) }
  const indexer = new Indexer({ ...parts, ...told, observations, audit })
  return {
    settle: async (): Promise<void> => {
      for (let idle = 0; idle < 3; ) idle = (await indexer.step(signal)) === 'idle' ? idle + 1 : 0
      while (audit.isDue) await audit.round(signal)
    },
    close: async (): Promise<void> => {
      await nextTick()
      await journal.close()
    },
  }
}
