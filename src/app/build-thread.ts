/** The thread of one build: a composition root of its own, started by `start-build.ts`. */
import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { CheckedBuild } from '../bulk/load/checked-build.ts'
import { accountCodecOf } from '../chains/account-codecs.ts'
import { assert } from '../core/assert.ts'
import { codeOf, isServiceError } from '../core/errors.ts'
import { findBuildFault, isShared, openBulkSink } from '../store/open-sink.ts'
import type { BuildData, FromBuild, ToBuild } from './start-build.ts'
import { startBuildHelper } from './start-build-helper.ts'

/** A lower priority than the API's thread, as the indexer has. */
const NICENESS = 19
/** Fewer transfers are built by one thread: another one costs more to start. */
const SHARED_TRANSFERS = 200_000

const port = parentPort
assert(port !== null, 'this module is a thread')
const post = (message: FromBuild): void => port.postMessage(message)
// On Linux each thread has its own priority, and this call sets that of the calling thread.
if (process.platform === 'linux') setPriority(NICENESS)

const { chain, job } = workerData as BuildData
const codec = accountCodecOf(chain)
assert(codec !== undefined, 'an indexed chain has a kind')
const helper = isShared(job.target) && job.expected >= SHARED_TRANSFERS ? startBuildHelper() : undefined
const build = new CheckedBuild(job, {
  ...(helper === undefined ? {} : { helper }),
  codec,
  openSink: (by) => openBulkSink(job.target, codec, by),
  findFault: (expected) => findBuildFault(job.target, { codec, checkTables: helper?.checkTables }, expected),
  warn: (message, fields) => post({ type: 'warn', message, fields }),
})

/** Ends the thread with a last message. */
function end(message: FromBuild): void {
  post(message)
  helper?.end()
  port?.close()
}

port.on('message', (message: ToBuild) => {
  run(message).catch((error: unknown) => {
    const fields = isServiceError(error) ? error.fields : {}
    end({ type: 'failed', code: codeOf(error), error: error instanceof Error ? error.message : String(error), fields })
  })
})

async function run(message: ToBuild): Promise<void> {
  if (message.type === 'read') await build.readTo(message.mark)
  else end({ type: 'built', built: await build.finish(message.mark, message.ends) })
}
