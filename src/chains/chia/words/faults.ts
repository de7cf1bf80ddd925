import { type ErrorCode, ServiceError } from '../../../core/errors.ts'
import { nodeMessage, type RpcCall, type RpcFault } from '../../../net/json-rpc.ts'

/** Chia's failures have texts, and codes only in newer nodes. Each text is of the node's own, not of a contract's. */
const WORDS: readonly (readonly [RegExp, ErrorCode])[] = [
  [/too many SQL variables/i, 'NODE_TOO_LARGE'],
  [
    /not found|does not exist|not in (?:the )?(?:block)?chain|in a fork|BLOCK_IN_FORK|invalid height|peak is none/i,
    'NODE_BEHIND',
  ],
]

/** Classifies a failure of a Chia node; undefined if the general rules apply. */
export function classifyChiaFault(fault: RpcFault, call: RpcCall): ServiceError | undefined {
  const code = WORDS.find(([words]) => words.test(`${fault.message} ${fault.data}`))?.[1]
  if (code === undefined) return undefined
  return new ServiceError(code, `${call.method}: ${nodeMessage(fault)}`, { fields: { method: call.method } })
}

/** The error for an answer that is not what the call's documentation says. */
export function garbage(words: string): ServiceError {
  return new ServiceError('NODE_GARBAGE', `the node answered ${words}`)
}

/** The error for a block that was replaced while its coins were read. */
export function replaced(block: number): ServiceError {
  return new ServiceError('BLOCK_CONFLICT', 'the block was replaced while its coins were read', { fields: { block } })
}

/** The error for a block that the node replaced before it was asked. */
export function hasAnother(block: number): ServiceError {
  return new ServiceError('NODE_BEHIND', 'the node has another block', { fields: { block } })
}
