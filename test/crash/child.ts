/**
 * An indexer in a process of its own, to be killed: `child.ts FOLDER HEAD_FILE [STEP COUNT]` kills itself by SIGKILL at
 * the COUNT-th STEP of a write. Otherwise it prints `settled` when the store has the head that the file names.
 */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import { CHAIN } from '../indexer/harness.ts'
import { FINALIZED, makeCrashChain } from './chain.ts'
import { startIndexerToKill } from './indexer-to-kill.ts'

const [folder = '', headFile = '', step, count] = process.argv.slice(2)
const chain = makeCrashChain()
const place = { folder, chain: CHAIN, codec: HEX_ACCOUNTS }
const { indexer, close } = await startIndexerToKill(place, chain, { step, count })
const signal = new AbortController().signal
for (let idle = 0; ; ) {
  chain.show(readFileSync(headFile, 'utf8'), FINALIZED)
  idle = (await indexer.step(signal)) === 'idle' ? idle + 1 : 0
  if (idle === 3) break
  // Lets an outside signal arrive between any two writes.
  await sleep(1)
}
await close()
process.stdout.write('settled\n')
