import { isServiceError, type ServiceError } from '../../core/errors.ts'
import type { Rpc, Work } from './rpc.ts'

/**
 * Asks each node in turn for something that it may not have. `work` throws NODE_BEHIND if the node has none. Undefined: no
 * node that answers has it.
 * @throws NODE_*, ABORTED
 */
export async function findOnNodes<T>(rpc: Rpc, work: Work<T>, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await rpc.run(work, { signal, asksOthers: isMissing })
  } catch (error) {
    if (isServiceError(error) && isMissing(error)) return undefined
    throw error
  }
}

function isMissing(error: ServiceError): boolean {
  return error.code === 'NODE_BEHIND'
}
