/**
 * An indexer of a Starknet chain in a process of its own, to be killed: `starknet-child.ts FOLDER URL [STEP COUNT]` kills
 * itself by SIGKILL at the COUNT-th STEP of a write. Otherwise it ends when the store has the head of the node.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { createStarknetAdapter } from '../../src/chains/starknet/adapter.ts'
import { STARKNET } from '../../src/chains/starknet/definition.ts'
import { assert } from '../../src/core/assert.ts'
import { parseChainId } from '../../src/core/chain.ts'
import { Indexer } from '../../src/indexer/indexer.ts'
import { SqliteStore } from '../../src/store/sqlite/store.ts'

const [folder = '', url = '', step, count] = process.argv.slice(2)
let left = Number(count ?? 0)
const id = parseChainId('starknet:SN_MAIN')
assert(id !== undefined, 'a CAIP-2 id')
const store = new SqliteStore({
  folder,
  codecOf: () => STARKNET.accountCodec,
  onStep: (at) => {
    if (at === step && --left === 0) process.kill(process.pid, 'SIGKILL')
  },
})
const coverage = { scope: { type: 'all' }, from: 0 } as const
const journal = await store.openJournal(id, coverage)
const reads = await store.openReads(id)
const options = { chain: id, rpc: [url], finality: 'l1_accepted', warn: () => undefined } as const
const { adapter } = createStarknetAdapter(options)
const indexer = new Indexer({
  adapter,
  journal,
  observations: reads.observations,
  coverage,
  now: () => performance.now(),
  time: () => 1_000_000,
  log: () => undefined,
  report: () => undefined,
  counts: () => ({}),
})
process.stdout.write('started\n')
const signal = new AbortController().signal
for (let idle = 0; idle < 3; ) {
  idle = (await indexer.step(signal)) === 'idle' ? idle + 1 : 0
  // Lets an outside signal arrive between any two writes.
  await sleep(1)
}
await journal.close()
await store.close()
process.exit(0)
