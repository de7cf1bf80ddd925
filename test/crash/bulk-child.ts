/**
 * An indexer with a bulk load, in a process of its own, to be killed: `bulk-child.ts FOLDER [STEP COUNT]` kills itself by
 * SIGKILL at the COUNT-th STEP. Otherwise it ends when the chain is stored.
 */
import { index } from '../bulk/final-chain.ts'

const [folder = '', step, count] = process.argv.slice(2)
let left = Number(count ?? 0)
let at = 0
process.stdout.write('started\n')
const error = await index(folder, {
  isBulk: true,
  onStep: (name) => {
    if (name === step && --left === 0) process.kill(process.pid, 'SIGKILL')
  },
  // Seconds pass between any two answers, so that generations become due.
  now: () => {
    at += 3_000
    return at
  },
})
if (error !== undefined) throw error
