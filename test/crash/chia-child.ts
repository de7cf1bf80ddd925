/**
 * An indexer of a Chia chain in a process of its own, to be killed: `chia-child.ts STORE URL ACCOUNTS [STEP COUNT]` follows
 * the accounts, given with commas, and kills itself by SIGKILL at the COUNT-th STEP of a write. Otherwise it ends when the
 * store has the head of the node.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { createChiaAdapter } from '../../src/chains/chia/adapter.ts'
import { CHIA } from '../../src/chains/chia/definition.ts'
import { assert } from '../../src/core/assert.ts'
import { parseChainId } from '../../src/core/chain.ts'
import { startIndexerToKill } from './indexer-to-kill.ts'

const [store = '', url = '', accounts = '', step, count] = process.argv.slice(2)
const id = parseChainId('chia:simulator0')
assert(id !== undefined, 'a CAIP-2 id')
// A scope is kept in order.
const scope = { type: 'accounts', accounts: accounts.split(',').sort() } as const
const options = { chain: id, rpc: [url], finality: { confirmations: 32 }, warn: () => undefined } as const
const { adapter } = createChiaAdapter(options)
const place = { url: store, chain: id, codec: CHIA.accountCodec, scope, wholeRanges: true }
const { indexer, close } = await startIndexerToKill(place, adapter, { step, count })
const signal = new AbortController().signal
for (let idle = 0; idle < 3; ) {
  idle = (await indexer.step(signal)) === 'idle' ? idle + 1 : 0
  // Lets an outside signal arrive between any two writes.
  await sleep(1)
}
await close()
process.exit(0)
