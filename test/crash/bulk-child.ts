/**
 * An indexer with a bulk load, in a process of its own, to be killed: `bulk-child.ts FOLDER [POINT COUNT]` kills itself by
 * SIGKILL at the COUNT-th POINT, which is a step of a build or of the journal, or a `FilePoint`. Otherwise it ends when the chain
 * is stored. What it makes durable is told in FOLDER.trace.
 */
import { killAt } from './file-points.ts'

const [folder = '', point, count] = process.argv.slice(2)
killAt(point, Number(count ?? 0), `${folder}.trace`)
const { index } = await import('../bulk/final-chain.ts')
let left = Number(count ?? 0)
let at = 0
process.stdout.write('started\n')
const error = await index(folder, {
  isBulk: true,
  // So that each run has a load to be killed in.
  isEager: true,
  onStep: (name) => {
    if (name === point && --left === 0) process.kill(process.pid, 'SIGKILL')
  },
  // Seconds pass between any two answers, so that generations become due.
  now: () => {
    at += 3_000
    return at
  },
})
if (error !== undefined) throw error
