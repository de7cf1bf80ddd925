import type { Classify } from '../../net/json-rpc.ts'
import { type IdentifyOptions, noCounts } from '../adapter.ts'
import { createRpc, type RpcOptions, type Work } from './rpc.ts'

/** Runs work on an unknown node, once and without checking its chain. @throws NODE_*, ABORTED */
export function askOnce<T>(
  options: IdentifyOptions & Pick<RpcOptions, 'makeNode'>,
  classify: Classify,
  work: Work<T>,
): Promise<T> {
  const { url, timeoutMs, signal, tls, makeNode } = options
  const rpc = createRpc({
    urls: [url],
    classify,
    checkNode: async () => undefined,
    warn: () => undefined,
    counts: noCounts(),
    limits: { timeoutMs, maxAttempts: 1 },
    tls,
    ...(makeNode === undefined ? {} : { makeNode }),
  })
  return rpc.run(work, { signal })
}
