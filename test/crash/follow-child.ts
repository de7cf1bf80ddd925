/**
 * An indexer of some accounts in a process of its own, to be killed: as `child.ts`, with the accounts that the store's
 * requests name.
 */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import { Indexer } from '../../src/indexer/indexer.ts'
import { SqliteStore } from '../../src/store/sqlite/store.ts'
import { CHAIN } from '../indexer/harness.ts'
import { FINALIZED, makeCrashChain } from './chain.ts'

const [folder = '', headFile = '', step, count] = process.argv.slice(2)
let left = Number(count ?? 0)
const chain = makeCrashChain()
const store = new SqliteStore({
  folder,
  codecOf: () => HEX_ACCOUNTS,
  onStep: (at) => {
    if (at === step && --left === 0) process.kill(process.pid, 'SIGKILL')
  },
})
const journal = await store.openJournal(CHAIN, { scope: { type: 'accounts', accounts: [] }, from: 0 })
const reads = await store.openReads(CHAIN)
const indexer = new Indexer({
  adapter: chain,
  journal,
  observations: reads.observations,
  wanted: async () => (await store.followRequests.list(CHAIN)).map(({ account }) => account),
  now: () => performance.now(),
  time: () => 1_000_000,
  log: () => undefined,
  report: () => undefined,
  counts: () => ({}),
})
process.stdout.write('started\n')
const signal = new AbortController().signal
for (let idle = 0; ; ) {
  chain.show(readFileSync(headFile, 'utf8'), FINALIZED)
  idle = (await indexer.step(signal)) === 'idle' ? idle + 1 : 0
  if (idle === 3) break
  // Lets an outside signal arrive between any two writes.
  await sleep(1)
}
await journal.close()
await store.close()
process.stdout.write('settled\n')
