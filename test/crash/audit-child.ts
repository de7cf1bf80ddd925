/**
 * An indexer with its audit in a process of its own, to be killed: `audit-child.ts URL [STEP COUNT]` kills itself by
 * SIGKILL at the COUNT-th STEP of a write. Otherwise it exits normally once nothing is left to audit.
 */
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import { openStore } from '../../src/store/open.ts'
import { makeAuditRig } from './audit-chain.ts'

const [url = '', step, count] = process.argv.slice(2)
let left = Number(count ?? 0)
const store = await openStore({
  url,
  codecOf: () => HEX_ACCOUNTS,
  onStep: (at) => {
    if (at === step && --left === 0) process.kill(process.pid, 'SIGKILL')
  },
})
const rig = await makeAuditRig(store)
await rig.settle()
await rig.close()
await store.close()
