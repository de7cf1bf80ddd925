/**
 * An indexer with its audit in a process of its own, to be killed: `audit-child.ts FOLDER [STEP COUNT]` kills itself by
 * SIGKILL at the COUNT-th STEP of a write. Otherwise it exits normally once nothing is left to audit.
 */
import { makeAuditRig } from './audit-chain.ts'

const [folder = '', step, count] = process.argv.slice(2)
let left = Number(count ?? 0)
const rig = await makeAuditRig(folder, (at) => {
  if (at === step && --left === 0) process.kill(process.pid, 'SIGKILL')
})
await rig.settle()
await rig.close()
