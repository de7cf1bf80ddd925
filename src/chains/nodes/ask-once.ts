import type { Classify } from '../../net/json-rpc.ts'
import { type IdentifyOptions, noCounts } from '../adapter.ts'
import { createRpc, type Work } from './rpc.ts'

/** Runs work on an unknown node, once and without checking its chain. @throws NODE_*, ABORTED */
export function askOnce<T>(options: IdentifyOptions, classify: Classify, work: Work<T>): Promise<T> {
  const { url, timeoutMs, signal } = options
  const rpc = createRpc({
    urls: [url],
    classify,
    checkNode: async () => undefined,
    warn: () => undefined,
    counts: noCounts(),
    limits: { timeoutMs, maxAttempts: 1 },
  })
  return rpc.run(work, { signal })
}
