import { type ErrorCode, isCallError, ServiceError } from '../../../core/errors.ts'
import { isRecord } from '../../../core/is-record.ts'
import { nodeMessage, type RpcCall, type RpcFault } from '../../../net/json-rpc.ts'
import { parseNumber } from './hex.ts'

/**
 * Messages for an eth_getLogs that is too large, as seen from Infura, Alchemy, QuickNode, Ankr, dRPC, Chainstack,
 * BlockPI, BSC's own, geth, Erigon, Nethermind, Besu, reth and others.
 */
const TOO_MUCH = [
  /(?:block )?range.{0,60}(?:too (?:large|wide|big|great|long|high)|exceed|larger|bigger|greater|limit|max|not supported|at most|more than)/i,
  /(?:exceed|over|larger than|bigger than|greater than|max(?:imum)?|limit(?:ed)?(?: of| to)?).{0,60}(?:block range|\brange\b|blocks\b)/i,
  /more than [\d,_]+ (?:results|logs|blocks)/i,
  /(?:max|exceeds?|exceeded|too many).{0,30}(?:results|logs\b)/i,
  /(?:results|logs)\b.{0,30}(?:exceeds?|over) (?:the )?limit/i,
  /too many blocks|max(?:imum)?.{0,30}blocks? distance|response too large/i,
  /(?:log )?response (?:size|is|was|too).{0,40}(?:exceed|too (?:large|big)|greater|limit)/i,
  /response size should not/i,
  /query (?:timeout|timed out|took too long|exceeds)/i,
  /(?:reduce|smaller|narrow|decrease|limit).{0,40}(?:block range|\brange\b|interval)/i,
  /blocks? (?:distance|span|interval|count).{0,40}(?:exceed|too|limit|max|over)/i,
  /\blimited to.{0,20}[\d,]+.{0,20}(?:block|range)/i,
  /(?:up to|within|only) (?:a |an )?[\d,]+ ?k? ?(?:block|range)/i,
]

/**
 * Returns the number of blocks of an eth_getLogs call; undefined if it names its blocks by hash, or not as numbers.
 */
function blocksAsked(call: RpcCall): number | undefined {
  const [filter] = inOrder(call)
  if (call.method !== 'eth_getLogs' || !isRecord(filter)) return undefined
  const first = parseNumber(filter.fromBlock)
  const last = parseNumber(filter.toBlock)
  return first === undefined || last === undefined ? undefined : last - first + 1
}

const INTERVALS = [
  /"from":"(0x[0-9a-f]+)".{0,80}"to":"(0x[0-9a-f]+)"/i,
  /\[\s*(0x[0-9a-f]+|\d+)\s*,\s*(0x[0-9a-f]+|\d+)\s*\]/i,
  /range:?\s+(\d+)\s*-\s*(\d+)/i,
]
/** A number of blocks after words for a limit; `k` after it means thousands. */
const COUNTS = [
  /(?:limited to|up to|within|at most|only|over|(?:more|greater|larger|bigger|smaller) than) (?:an? |the )?(\d[\d,_]*) ?(k\b)?/gi,
  /(?:max|maximum|limit|allowed)([^\d,;.]{0,40}?)(\d[\d,_]*) ?(k\b)?/gi,
  /(?:blocks? distance|block range exceeds[^:]{0,60}):? (\d[\d,_]*) ?(k\b)?/gi,
  /\b0 - (\d[\d,_]*) ?(k\b)?(?= blocks)/gi,
]
/** Words after which a number limits something else than blocks. */
const NOT_BLOCKS = /\b(?:results|logs|size|bytes|mb|ms|s|seconds)\b/i
/** How far before a limit to look for the word that says what it limits. */
const LOOK_BACK_CHARACTERS = 30

/**
 * Returns the number of blocks that an error message suggests for the next try; undefined if it suggests none, or one
 * that is not smaller than the number requested.
 */
export function suggestedBlocks(words: string, asked: number): number | undefined {
  const suggestions = [...intervalsOf(words), ...countsOf(words)]
  return suggestions.find((suggested) => suggested >= 1 && suggested < asked)
}

function intervalsOf(words: string): number[] {
  return INTERVALS.flatMap((pattern) => {
    const match = pattern.exec(words)
    return match === null ? [] : [Number(match[2]) - Number(match[1]) + 1]
  })
}

function countsOf(words: string): number[] {
  return COUNTS.flatMap((pattern) => [...words.matchAll(pattern)]).flatMap((match) => {
    const [thousands, digits, gap] = match.slice(1).reverse()
    const end = match.index + match[0].length
    const unit = /^ ?\w*/.exec(words.slice(end, end + 10))?.[0] ?? ''
    const before = words.slice(Math.max(0, match.index - LOOK_BACK_CHARACTERS), match.index)
    if (/\blogs\b/i.test(before) && !/\b(?:blocks?|range)\b/i.test(before)) return []
    if (digits === undefined || NOT_BLOCKS.test(`${gap ?? ''} ${unit}`)) return []
    return Number(digits.replace(/[,_]/g, '')) * (thousands === undefined ? 1 : 1000)
  })
}

const UNKNOWN_BLOCK =
  /unknown block|header not found|block not found|block.{0,20}(?:not (?:be )?found|is not available|does not exist)|not currently canonical|is not canonical|beyond (?:current )?head|unfinalized|one of the blocks specified in filter|future block|could not find block/i
/** The code of EIP-1898 for an unknown block hash. */
const RESOURCE_NOT_FOUND = -32001
const NO_STATE =
  /missing trie node|state.{0,30}(?:not available|unavailable|not found|missing|pruned)|pruned|no state available|historical state|archive|proof window|required historical/i
const OUT_OF_TIME = /request timed out|request timeout/i
/** Messages for a call that ran and failed in the contract. */
const EXECUTION =
  /revert|out ?of ?gas|gas|opcode|invalid jump|stack|execution|\bevm\b|\bvm\b|return ?data|memory|static|call ?depth/i
const REVERTED = /revert/i
const BLOCK_PARAMETER =
  /unmarshal|invalid (?:argument|params?|block|type|input)|expected|parse|deserialize|data did not match/i
/** Messages for an unknown block tag: older nodes take it for a number. */
const UNKNOWN_TAG =
  /invalid (?:argument|params?|block|tag|type|input)|(?:unknown|unsupported).{0,20}\btag\b|hex string/i

/** JSON-RPC: no such method. */
const NO_METHOD = -32601
/** Messages of nodes and load balancers for an unsupported method, if the code does not say it. */
const NO_METHOD_WORDS =
  /method.{0,80}(?:not (?:found|exist|available|supported|allowed|enabled|whitelisted)|unsupported|does not exist|disabled)|(?:unsupported|unknown|disabled) method|(?:api|feature) is not available|not implemented/i

/** Classifies a fault of an EVM node; undefined if it only means that the call failed. */
export function classifyEvmFault(fault: RpcFault, call: RpcCall): ServiceError | undefined {
  // A contract may choose the message of an eth_call.
  const words = call.method === 'eth_call' ? '' : fault.message
  if (fault.code === NO_METHOD || NO_METHOD_WORDS.test(words)) {
    return new ServiceError('NODE_NO_METHOD', `${call.method}: ${nodeMessage(fault)}`, {
      fields: { rpcCode: fault.code },
    })
  }
  return call.method === 'eth_getLogs' ? logsFault(fault, call) : stateFault(fault, call)
}

function logsFault(fault: RpcFault, call: RpcCall): ServiceError | undefined {
  const words = `${fault.message} ${fault.data}`
  const message = `${call.method}: ${nodeMessage(fault)}`
  const fields = { rpcCode: fault.code }
  if (UNKNOWN_BLOCK.test(words) || /beyond current head/i.test(words)) {
    return new ServiceError('NODE_BEHIND', message, { fields })
  }
  if (!TOO_MUCH.some((pattern) => pattern.test(words))) return hashRefused(fault, call)
  const asked = blocksAsked(call)
  if (asked === undefined || asked <= 1) return new ServiceError('BLOCK_TOO_LARGE', message, { fields })
  return new ServiceError('RANGE_TOO_LARGE', message, {
    fields: { ...fields, suggested: suggestedBlocks(words, asked) },
  })
}

/** Detects a node that accepts no block hash in place of a range. */
function hashRefused(fault: RpcFault, call: RpcCall): ServiceError | undefined {
  const [filter] = inOrder(call)
  if (!isRecord(filter) || filter.blockHash === undefined) return undefined
  if (fault.code !== -32602 && !BLOCK_PARAMETER.test(fault.message)) return undefined
  const fields = { rpcCode: fault.code }
  return new ServiceError('NODE_BLOCK_PARAMETER', `${call.method}: ${nodeMessage(fault)}`, { fields })
}

function stateFault(fault: RpcFault, call: RpcCall): ServiceError | undefined {
  const words = `${fault.message} ${fault.data}`
  const message = `${call.method}: ${nodeMessage(fault)}`
  const failed = (code: ErrorCode): ServiceError => new ServiceError(code, message, { fields: { rpcCode: fault.code } })
  // A contract chooses the message of its revert, so nothing else is read from it.
  if (fault.code === 3 || REVERTED.test(fault.message)) return failed('CALL_REVERTED')
  if (NO_STATE.test(words)) return failed('NODE_NO_STATE')
  if (fault.code === RESOURCE_NOT_FOUND || UNKNOWN_BLOCK.test(words)) return failed('NODE_BEHIND')
  if (OUT_OF_TIME.test(words)) return failed('NODE_TIMEOUT')
  if (namesTag(call) && (fault.code === -32602 || UNKNOWN_TAG.test(fault.message)))
    return failed('NODE_BLOCK_PARAMETER')
  const pinnedByHash = isRecord(inOrder(call).at(-1))
  if (pinnedByHash && (fault.code === -32602 || BLOCK_PARAMETER.test(fault.message)))
    return failed('NODE_BLOCK_PARAMETER')
  return EXECUTION.test(fault.message) ? failed('CALL_FAILED') : undefined
}

/** The parameters of a call. Methods of EVM nodes have them in order. */
function inOrder({ params }: RpcCall): readonly unknown[] {
  return Array.isArray(params) ? params : []
}

/** True for a call with a block tag such as `finalized`. */
function namesTag(call: RpcCall): boolean {
  const [block] = inOrder(call)
  return call.method === 'eth_getBlockByNumber' && typeof block === 'string' && !block.startsWith('0x')
}

/** True if the contract or the size of its answer made the call fail, and the contract did not revert it. */
export function isCostly({ code }: ServiceError): boolean {
  return code === 'CALL_FAILED' || code === 'NODE_TOO_LARGE' || code === 'NODE_TIMEOUT'
}

/** True if the error says something about the call, not only that the node failed. */
export function isAboutCall(error: ServiceError): boolean {
  return isCostly(error) || (isCallError(error) && error.code !== 'NODE_RPC')
}

/** Codes of errors that the request itself may cause. */
const ODD_CODES: ReadonlySet<ErrorCode> = new Set(['NODE_GARBAGE', 'NODE_HTTP', 'NODE_TOO_LARGE', 'NODE_TIMEOUT'])

/**
 * True if a different request for the same data may succeed: a smaller one, or another method. Ignores the message.
 * False for errors about the node's state (down, behind, rate limit, another chain) and for missing receipts.
 */
export function isOdd(error: unknown): error is ServiceError {
  if (!(error instanceof ServiceError)) return false
  if (error.code === 'NODE_RATE_LIMITED') return error.fields.unsure === true
  // A connection that breaks after it was established: some proxies do this to requests that are too large for them.
  if (error.code === 'NODE_UNREACHABLE') return BROKEN.has(String(error.fields.reason))
  if (error.code === 'NODE_NO_RECEIPTS' || error.code === 'NODE_NO_LOGS') return false
  return ODD_CODES.has(error.code) || isCallError(error)
}

/** True for a node's error that has only a message. */
export function isUnclassified({ code }: ServiceError): boolean {
  return code === 'NODE_RPC'
}

/** True for an error that another machine behind the same URL may not have: it may have newer blocks. */
export function isOfOneMachine(error: ServiceError): boolean {
  return error.code === 'NODE_BEHIND' || isUnclassified(error)
}

const BROKEN: ReadonlySet<string> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])
