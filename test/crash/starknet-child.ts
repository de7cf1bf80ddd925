/**
 * An indexer of a Starknet chain in a process of its own, to be killed: `starknet-child.ts STORE URL [STEP COUNT]` kills
 * itself by SIGKILL at the COUNT-th STEP of a write. Otherwise it ends when the store has the head of the node.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { createStarknetAdapter } from '../../src/chains/starknet/adapter.ts'
import { STARKNET } from '../../src/chains/starknet/definition.ts'
import { assert } from '../../src/core/assert.ts'
import { parseChainId } from '../../src/core/chain.ts'
import { startIndexerToKill } from './indexer-to-kill.ts'

const [store = '', url = '', step, count] = process.argv.slice(2)
const id = parseChainId('starknet:SN_MAIN')
assert(id !== undefined, 'a CAIP-2 id')
const options = { chain: id, rpc: [url], finality: 'l1_accepted', warn: () => undefined } as const
const { adapter } = createStarknetAdapter(options)
const place = { url: store, chain: id, codec: STARKNET.accountCodec }
const { indexer, close } = await startIndexerToKill(place, adapter, { step, count })
const signal = new AbortController().signal
for (let idle = 0; idle < 3; ) {
  idle = (await indexer.step(signal)) === 'idle' ? idle + 1 : 0
  // Lets an outside signal arrive between any two writes.
  await sleep(1)
}
await close()
process.exit(0)
