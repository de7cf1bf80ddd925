/** The thread that sweeps a share of one build: a composition root of its own, started by `start-sweep-helper.ts`. */
import { setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import { type SweepJob, sweepShare } from '../bulk/build/sweep-share.ts'
import { assert } from '../core/assert.ts'
import { codeOf } from '../core/errors.ts'
import { openSinkPart } from '../store/open-sink-part.ts'
import { RowTooLarge } from '../store/seam/bulk-sink.ts'
import type { FromSweep } from './start-sweep-helper.ts'

/** A lower priority than the API's thread, as the indexer has. */
const NICENESS = 19

const port = parentPort
assert(port !== null, 'this module is a thread')
const post = (message: FromSweep): void => port.postMessage(message)
// On Linux each thread has its own priority, and this call sets that of the calling thread.
if (process.platform === 'linux') setPriority(NICENESS)

port.once('message', (job: SweepJob) => {
  try {
    post({ type: 'swept', swept: sweepShare(job, openSinkPart(job.place)) })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    post({ type: 'failed', code: codeOf(error), isRowTooLarge: error instanceof RowTooLarge, error: message })
  }
  port.close()
})
