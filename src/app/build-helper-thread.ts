/** The second thread of one build: a composition root of its own, started by `start-build-helper.ts`. */
import { setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import { sweepShare } from '../bulk/build/sweep-share.ts'
import { assert } from '../core/assert.ts'
import { codeOf } from '../core/errors.ts'
import { checkBuiltTables, openSinkPart } from '../store/open-sink-part.ts'
import { RowTooLarge } from '../store/seam/bulk-sink.ts'
import type { FromHelper, ToHelper } from './start-build-helper.ts'

/** A lower priority than the API's thread, as the indexer has. */
const NICENESS = 19

const port = parentPort
assert(port !== null, 'this module is a thread')
// On Linux each thread has its own priority, and this call sets that of the calling thread.
if (process.platform === 'linux') setPriority(NICENESS)

port.on('message', (message: ToHelper) => port.postMessage(answer(message)))

function answer(message: ToHelper): FromHelper {
  try {
    if (message.type === 'check') return { type: 'checked', fault: checkBuiltTables(message.check) }
    return { type: 'swept', swept: sweepShare(message.job, openSinkPart(message.job.place)) }
  } catch (error) {
    const says = error instanceof Error ? error.message : String(error)
    return { type: 'failed', code: codeOf(error), isRowTooLarge: error instanceof RowTooLarge, error: says }
  }
}
