import { ServiceError } from '../core/errors.ts'
import { isRecord } from '../core/is-record.ts'
import { withoutTexts, withoutUrls } from '../core/url.ts'
import type { HttpAnswer } from './http.ts'
import { parseJsonBytes, type ReadResult } from './parse-answer-bytes.ts'

/**
 * One call of JSON-RPC 2.0 (https://www.jsonrpc.org/specification), with its parameters in order or by name. `large`: the
 * call cannot be split. It is sent alone, one such call at a time, and its answer may be several times as large as
 * others. `read`: reads a result that is a list; a result of it is then either a value of this, or JSON. The calls of one
 * batch share it.
 */
export type RpcCall = {
  readonly method: string
  readonly params: readonly unknown[] | Readonly<Record<string, unknown>>
  readonly large?: true
  readonly read?: ReadResult
}

/** The outcome of one call of a batch. The error is NODE_RPC unless a narrower code fits. */
export type RpcOutcome =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: ServiceError }

/**
 * A JSON-RPC error as the node sent it. `data`: its text, or JSON if it is an object; otherwise ''. `secrets`: texts of
 * the node's URL, which the node knows and may repeat.
 */
export type RpcFault = {
  readonly code: number | undefined
  readonly message: string
  readonly data: string
  readonly secrets?: readonly string[]
}

/** How a chain kind classifies a fault; undefined: the general rules apply. */
export type Classify = (fault: RpcFault, call: RpcCall) => ServiceError | undefined

/** Longest part of a node's message that we repeat: some nodes echo the whole request. */
const MAX_REPEATED_CHARACTERS = 300
/** Longest part of a message that we classify. A contract may have chosen the rest, so it is cut. */
const MAX_READ_CHARACTERS = 2_000

/** Returns the node's message for logs: truncated, without URLs, and without the secrets of its own URL. */
export function nodeMessage({ message, data, secrets = [] }: RpcFault): string {
  const words = withoutUrls(`${message}${data === '' ? '' : ` (${data})`}`)
  return withoutTexts(words, secrets).slice(0, MAX_REPEATED_CHARACTERS)
}

/** A call as JSON-RPC 2.0 sends it (https://www.jsonrpc.org/specification). */
export function encode(call: RpcCall, id: number): Readonly<Record<string, unknown>> {
  return { jsonrpc: '2.0', id, method: call.method, params: call.params }
}

/**
 * HTTP statuses of a refusal. Without a JSON-RPC body the node refuses everything; with one it may refuse only this
 * call.
 */
const REFUSED_STATUSES: ReadonlySet<number> = new Set([401, 402, 403])

/**
 * Parses the JSON of an answer. An error status is accepted if its body is JSON-RPC: providers send limits of ranges,
 * batches and plans with 400, 403 or 413. `parse` returns undefined for what is not JSON.
 * @throws NODE_REFUSED, NODE_RATE_LIMITED, NODE_TIMEOUT, NODE_HTTP, NODE_GARBAGE
 */
export function parseAnswer(
  answer: HttpAnswer,
  label: string,
  parse: (body: Buffer) => unknown = parseJsonBytes,
): unknown {
  const { status } = answer
  const fields = { node: label, status }
  const value = parse(answer.body)
  const speaksJsonRpc = Array.isArray(value) ? value.some(hasFault) : hasFault(value)
  if (REFUSED_STATUSES.has(status) && !(Array.isArray(value) ? value : [value]).some(isRpcFault)) {
    throw new ServiceError('NODE_REFUSED', `${label} refused the call (HTTP ${status})`, { fields })
  }
  if (status === 429) {
    const slower = { ...fields, retryAfterMs: answer.retryAfterMs }
    throw new ServiceError('NODE_RATE_LIMITED', `${label} asks for a slower pace (HTTP 429)`, { fields: slower })
  }
  if (status >= 200 && status < 300) {
    if (value !== undefined) return value
    throw new ServiceError('NODE_GARBAGE', `${label} did not answer JSON`, { fields })
  }
  if (speaksJsonRpc) return value
  if (status === 408 || status === 504 || status === 524) {
    throw new ServiceError('NODE_TIMEOUT', `${label} ran out of time (HTTP ${status})`, { fields })
  }
  const slower = { ...fields, retryAfterMs: answer.retryAfterMs }
  throw new ServiceError('NODE_HTTP', `${label} answered HTTP ${status}`, { fields: slower })
}

/**
 * True for a fault in JSON-RPC's own form. Gateways answer every call with `{"error":"Forbidden"}`, which is not one.
 */
function isRpcFault(value: unknown): boolean {
  return isRecord(value) && isRecord(value.error) && ('jsonrpc' in value || typeof value.error.code === 'number')
}

function hasFault(value: unknown): boolean {
  return isRecord(value) && faultOf(value) !== undefined
}

/** Returns the fault of an answer object; undefined if it has none. */
export function faultOf(answer: Readonly<Record<string, unknown>>): RpcFault | undefined {
  const { error } = answer
  if (error === undefined || error === null) return undefined
  if (typeof error === 'string') return { code: undefined, message: error.slice(0, MAX_READ_CHARACTERS), data: '' }
  if (!isRecord(error)) return { code: undefined, message: 'an error without words', data: '' }
  const words = typeof error.message === 'string' ? error.message : 'an error without words'
  const message = words.slice(0, MAX_READ_CHARACTERS)
  const code = typeof error.code === 'number' ? error.code : undefined
  return { code, message, data: dataText(error.data) }
}

function dataText(data: unknown): string {
  const text = isRecord(data) ? JSON.stringify(data) : data
  return typeof text === 'string' ? text.slice(0, MAX_READ_CHARACTERS) : ''
}

/** How to classify one node's faults. `secrets`: as in `RpcFault`. */
export type FaultRules = { readonly classify: Classify; readonly secrets: readonly string[] }

/** Returns the outcome of a call from its answer object; undefined if that is not a JSON-RPC answer. */
export function outcomeOf(answer: unknown, call: RpcCall, rules: FaultRules): RpcOutcome | undefined {
  if (!isRecord(answer)) return undefined
  const fault = faultOf(answer)
  if (fault !== undefined) return { ok: false, error: classifyFault(fault, call, rules) }
  return answer.result === undefined ? undefined : { ok: true, result: answer.result }
}

const RATE_WORDS =
  /rate.?limit|too many requests|requests? (?:per|limit)|(?:exceeded|over|out of).{0,40}(?:capacity|throughput|quota|compute units|credits)|throttl|slow down|daily (?:request )?(?:limit|count)|capacity limit/i

/** geth's code for batch items that no longer fit in the answer. */
const RESPONSE_TOO_LARGE = -32003

/**
 * Converts a fault to an error: first by the chain kind's rules, then rate limits and sizes, otherwise NODE_RPC. Field
 * `unsure` of a NODE_RATE_LIMITED: only the code indicates it, and nodes use that code for size limits too.
 */
export function classifyFault(given: RpcFault, call: RpcCall, { classify, secrets }: FaultRules): ServiceError {
  const fault = { ...given, secrets }
  const own = classify(fault, call)
  if (own !== undefined) return own
  const fields = { method: call.method, rpcCode: fault.code }
  const words = `${call.method}: ${nodeMessage(fault)}`
  const isSure = fault.code === 429 || RATE_WORDS.test(fault.message)
  if (isSure || fault.code === -32005 || fault.code === -32029) {
    return new ServiceError('NODE_RATE_LIMITED', words, { fields: { ...fields, unsure: isSure ? undefined : true } })
  }
  if (fault.code === RESPONSE_TOO_LARGE && /response too large/i.test(fault.message)) {
    return new ServiceError('NODE_TOO_LARGE', words, { fields })
  }
  return new ServiceError('NODE_RPC', words, { fields })
}
