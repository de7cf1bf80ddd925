import type { BlockRef } from '../../core/block.ts'
import { isServiceError, type ServiceError } from '../../core/errors.ts'
import type { BalanceReads } from '../adapter.ts'
import type { Rpc, RunOptions, Work } from './rpc.ts'

/** True for the error of a node that does not keep the state of the block: another node may. */
export function lacksState(error: ServiceError): boolean {
  return error.code === 'NODE_NO_STATE'
}

/** How reads of state are run: each other node is asked once if one lacks the state. */
export function stateRun(ask: string | undefined, signal: AbortSignal): RunOptions {
  return { signal, asksOthers: lacksState, skipPreferred: ask === 'another_node' }
}

/**
 * Runs reads of balances. If no node keeps the state of the named block, all amounts are unknown.
 * @throws NODE_*
 */
export async function runBalanceReads(
  rpc: Rpc,
  work: Work<Omit<BalanceReads, 'observedAt'>>,
  { keys, at, running }: { readonly keys: number; readonly at: BlockRef | 'latest'; readonly running: RunOptions },
): Promise<BalanceReads> {
  const observedAt = Math.floor(Date.now() / 1000)
  try {
    return { ...(await rpc.run(work, running)), observedAt }
  } catch (error) {
    if (at === 'latest' || !isServiceError(error) || !lacksState(error)) throw error
    const reads = Array.from({ length: keys }, () => ({ ok: false, reason: 'no_archive' }) as const)
    return { block: at, observedAt, reads }
  }
}
