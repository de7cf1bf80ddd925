/**
 * An indexer in a process of its own, to be killed: `child.ts URL HEAD_FILE SCOPE [STEP COUNT]` kills itself by SIGKILL at
 * the COUNT-th STEP of a write. Otherwise it prints `settled` when the store has the head that the file names. SCOPE is `all`, or
 * `asked`: the accounts that the store's requests name.
 */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import { CHAIN } from '../indexer/harness.ts'
import { FINALIZED, makeCrashChain } from './chain.ts'
import { startIndexerToKill } from './indexer-to-kill.ts'

const [url = '', headFile = '', scope, step, count] = process.argv.slice(2)
const chain = makeCrashChain()
const asked = { scope: { type: 'accounts', accounts: [] }, isAsked: true } as const
const place = { url, chain: CHAIN, codec: HEX_ACCOUNTS, ...(scope === 'asked' ? asked : {}) }
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
