/** An RPC client for tests with scripted nodes. Its retries do not pause. */

import { createRpc, type Rpc, type RpcOptions } from '../../src/chains/nodes/rpc.ts'
import type { RpcLimits } from '../../src/chains/nodes/rpc-limits.ts'
import type { RpcSession } from '../../src/chains/nodes/session.ts'
import { ServiceError } from '../../src/core/errors.ts'
import type { RpcCall } from '../../src/net/json-rpc.ts'
import type { Methods } from './scripted-node.ts'

export const SIGNAL = new AbortController().signal
/** No pauses between retries, so no test waits. */
const FAST: Partial<RpcLimits> = { pauses: { baseMs: 0, maxMs: 0 } }
/** A node that returns its parameter. It is on chain A, as the client expects. */
export const ECHO: Methods = { chain: () => 'A', echo: ([value]) => value }

/** The result of `made`. */
export type Made = { rpc: Rpc; counts: RpcOptions['counts']; warnings: unknown[] }

/** A client of these nodes, with its counts and warnings. Chain B is the wrong chain. */
export function made(urls: readonly string[], limits: Partial<RpcLimits> = {}): Made {
  const counts = { calls: 0, retries: 0, nodesExcluded: 0 }
  const warnings: unknown[] = []
  const rpc = createRpc({
    urls,
    classify: () => undefined,
    checkNode: async (session) => {
      if ((await session.call({ method: 'chain', params: [] })) === 'B') {
        throw new ServiceError('CHAIN_MISMATCH', 'another chain')
      }
    },
    warn: (message, fields) => warnings.push([message, fields]),
    counts,
    limits: { ...FAST, ...limits },
  })
  return { rpc, counts, warnings }
}

/** A call that a node of `ECHO` answers with its parameter. */
export function echo(value: unknown): RpcCall {
  return { method: 'echo', params: [value] }
}

/** Sends one such call. */
export const one = (session: RpcSession): Promise<unknown> => session.call(echo(1))
