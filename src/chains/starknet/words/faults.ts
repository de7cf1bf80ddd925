import { type ErrorCode, ServiceError } from '../../../core/errors.ts'
import { nodeMessage, type RpcCall, type RpcFault } from '../../../net/json-rpc.ts'
import { minimalFelt } from './felt.ts'

/**
 * Error codes of Starknet's JSON-RPC. Messages differ between nodes and are never read.
 * Source: https://github.com/starkware-libs/starknet-specs (api/starknet_api_openrpc.json, components.errors)
 */
export const RPC_CODES = {
  contractNotFound: 20,
  entryPointNotFound: 21,
  blockNotFound: 24,
  classHashNotFound: 28,
  transactionNotFound: 29,
  pageTooBig: 31,
  noBlocks: 32,
  tokenRefused: 33,
  tooManyKeys: 34,
  contractError: 40,
  executionError: 41,
  unexpected: 63,
  noMethod: -32601,
} as const

/** JSON-RPC code of HTTP's status for too many requests, in an answer of status 200. */
const TOO_MANY_REQUESTS = 429

/** How a call's error is classified by its code alone. Codes that are not here get the general rules. */
const CODES: ReadonlyMap<number | undefined, ErrorCode> = new Map<number, ErrorCode>([
  [RPC_CODES.contractNotFound, 'CALL_REVERTED'],
  [RPC_CODES.entryPointNotFound, 'CALL_REVERTED'],
  [RPC_CODES.blockNotFound, 'NODE_BEHIND'],
  [RPC_CODES.classHashNotFound, 'CALL_REVERTED'],
  [RPC_CODES.transactionNotFound, 'NODE_BEHIND'],
  [RPC_CODES.pageTooBig, 'RANGE_TOO_LARGE'],
  [RPC_CODES.noBlocks, 'NODE_BEHIND'],
  [RPC_CODES.tokenRefused, 'NODE_RPC'],
  [RPC_CODES.tooManyKeys, 'NODE_RPC'],
  [RPC_CODES.contractError, 'CALL_REVERTED'],
  [RPC_CODES.executionError, 'CALL_REVERTED'],
  [RPC_CODES.unexpected, 'NODE_RPC'],
  [RPC_CODES.noMethod, 'NODE_NO_METHOD'],
  [TOO_MANY_REQUESTS, 'NODE_RATE_LIMITED'],
])

/** `ENTRYPOINT_NOT_FOUND` as text, and as the short string that the syscall panics with. */
const NO_ENTRY_POINT = /ENTRYPOINT_NOT_FOUND|0x0*454e545259504f494e545f4e4f545f464f554e44\b/i

/** The contract of each frame of a revert error, as an object or as text. */
const FRAME = /\bcontract[_ ]address"?\s*:\s*"?(0x[0-9a-f]+)/gi

/** What a call's error says about missing functions: of the called contract, or of one that it calls in turn. */
export type MissingFunction = 'own' | 'inner'

/**
 * Classifies a fault of a Starknet node by its code; undefined if the general rules apply. Field `rpcCode` has the
 * code. Field `noEntryPoint` says that a contract has no function of that name: code 21, or 40 with
 * ENTRYPOINT_NOT_FOUND in its revert error. It is `inner` if the frames of that error name several contracts.
 */
export function classifyStarknetFault(fault: RpcFault, call: RpcCall): ServiceError | undefined {
  const code = CODES.get(fault.code)
  if (code === undefined) return undefined
  const noEntryPoint = missingFunction(fault)
  return new ServiceError(code, `${call.method}: ${nodeMessage(fault)}`, {
    fields: { method: call.method, rpcCode: fault.code, ...(noEntryPoint === undefined ? {} : { noEntryPoint }) },
  })
}

function missingFunction({ code, data }: RpcFault): MissingFunction | undefined {
  if (code === RPC_CODES.entryPointNotFound) return 'own'
  if (code !== RPC_CODES.contractError || !NO_ENTRY_POINT.test(data)) return undefined
  const contracts = new Set([...data.matchAll(FRAME)].map(([, address]) => minimalFelt(address)))
  return contracts.size > 1 ? 'inner' : 'own'
}

/** What the error of a call says about missing functions; undefined if it says nothing. */
export function missingFunctionOf(error: ServiceError): MissingFunction | undefined {
  const { noEntryPoint } = error.fields
  return noEntryPoint === 'own' || noEntryPoint === 'inner' ? noEntryPoint : undefined
}

/** True for a node's error with this code. */
export function hasRpcCode(error: ServiceError, name: keyof typeof RPC_CODES): boolean {
  return error.fields.rpcCode === RPC_CODES[name]
}

/** True for an error that another machine behind the same URL may not have: it may have newer blocks. */
export function isOfOneMachine(error: ServiceError): boolean {
  if (hasRpcCode(error, 'tokenRefused') || hasRpcCode(error, 'tooManyKeys')) return false
  return error.code === 'NODE_BEHIND' || error.code === 'NODE_RPC'
}

/** True for errors after which another node may have what this one lacks: old state, events, receipts. */
export function lacksData({ code }: ServiceError): boolean {
  return code === 'NODE_NO_STATE' || code === 'NODE_NO_LOGS' || code === 'NODE_NO_RECEIPTS'
}
