/** The thread of a build ends early: the load says so, and a later one goes on. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { startBuild } from '../../src/app/start-build.ts'
import { startThread } from '../../src/app/thread.ts'
import { isFatal } from '../../src/indexer/fatal.ts'
import { CHAIN } from '../indexer/harness.ts'
import { inFolder } from './built-file.ts'
import { dumpOf, index } from './final-chain.ts'

/** Loads with builds in threads, and ends the first thread once it is told something `at` times. */
function load(folder: string, at: number, end: (thread: Worker) => void): Promise<unknown> {
  let told = 0
  return index(folder, {
    isBulk: true,
    build: (job, signal) => {
      let thread: Worker | undefined
      const start: typeof startThread = (module, options) => {
        thread = startThread(module, options)
        return thread
      }
      const build = startBuild({ chain: CHAIN, job }, { signal, log: () => undefined, start })
      const tell = (): void => {
        if (++told === at && thread !== undefined) end(thread)
      }
      const { readTo, finish } = build
      return {
        built: build.built,
        readTo: (mark) => {
          readTo(mark)
          tell()
        },
        finish: (mark, ends) => {
          finish(mark, ends)
          tell()
        },
      }
    },
  })
}

test.each<[string, number, (thread: Worker) => void]>([
  ['is terminated while it reads', 1, (thread) => void thread.terminate()],
  ['is terminated while it finishes', 3, (thread) => void thread.terminate()],
  ['fails', 1, (thread) => void thread.emit('error', new Error('out of memory'))],
])(
  'a build with a thread that %s is an error that is tried again, and the load goes on from its log',
  async (_, at, end) => {
    await inFolder(async (folder) => {
      const [bulk, appended] = [join(folder, 'bulk'), join(folder, 'appended')]
      const error = await load(bulk, at, end)
      expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', message: expect.stringMatching(/ended early/) })
      expect(isFatal(error)).toBe(false)
      expect(existsSync(join(bulk, 'eip155_1.bulk', 'raw.mark'))).toBe(true)
      expect(await load(bulk, Number.POSITIVE_INFINITY, end)).toBeUndefined()
      await index(appended, { isBulk: false })
      expect(dumpOf(bulk)).toEqual(dumpOf(appended))
    })
  },
  60_000,
)
