import { ServiceError } from '../core/errors.ts'
import type { TlsIdentity } from '../core/tls-identity.ts'
import { secretsOf } from '../core/url.ts'
import { type BatchAnswer, idOf, readBatchAnswer } from './batch-answers.ts'
import { BatchSize } from './batch-size.ts'
import { createEndpoint, type HttpEndpoint, type HttpLimits } from './http.ts'
import {
  type Classify,
  classifyFault,
  encode,
  type FaultRules,
  outcomeOf,
  parseAnswer,
  type RpcCall,
  type RpcOutcome,
} from './json-rpc.ts'
import { parseAnswerBytes, type ReadResult } from './parse-answer-bytes.ts'
import { deferredOutcome, isRateLimited, retryDeferred } from './retry-deferred.ts'
import { type Pauses, pauseMs, wait } from './wait.ts'

/** Concurrent single calls to a node that accepts no batches: hides the round trip without looking like an attack. */
const SINGLES_IN_FLIGHT = 8
/**
 * A `large` answer may have this many times the usual size. One at a time: an answer of about 128 MiB takes up to a GB
 * while it is parsed. Blocks with 200,000 logs fit.
 */
const LARGE_FACTOR = 4
/** HTTP statuses for a refused batch, where a single call would succeed. */
const BATCH_REFUSALS = new Set([400, 404, 405, 411, 413, 414, 415, 422, 501])
/** JSON-RPC codes for a refused batch: invalid request, no such method, invalid params. */
const BATCH_REFUSAL_CODES = new Set([-32600, -32601, -32602])

/** Connection errors that do not depend on the batch size, since nothing was sent. */
const NOT_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** How one node is asked. */
export type NodeOptions = {
  readonly url: string
  readonly limits: HttpLimits
  readonly pauses: Pauses
  readonly classify: Classify
  /** Called before each HTTP request. */
  readonly onRequest: () => void
  readonly tls?: TlsIdentity | undefined
  /** Called once the node accepts no batch: its calls are sent one by one from then on. */
  readonly onSingleCalls: () => void
}

/** One node, without retries except for the items of a batch that the node deferred. */
export type Node = {
  readonly label: string
  /**
   * Returns the outcome of each call, in order. If the node accepts no batches, the first call is answered before the
   * others are sent.
   * @throws NODE_* the whole batch was not answered, ABORTED
   */
  readonly batch: (calls: readonly RpcCall[], signal: AbortSignal) => Promise<readonly RpcOutcome[]>
}

/**
 * Creates a client for one node. It remembers what the node refuses (batches, long batches) and adapts its requests.
 */
export function createNode(options: NodeOptions): Node {
  const sender = new Sender(options)
  const { label } = sender
  return {
    label,
    batch: async (calls, signal) => {
      const outcomes = await sender.send(calls, signal)
      return retryDeferred(outcomes, {
        calls,
        send: (some) => sender.send(some, signal),
        onAllDeferred: (asked) => sender.onAllDeferred(asked),
        pause: (n, atLeastMs) => wait(Math.max(atLeastMs, pauseMs(n, options.pauses, Math.random())), signal),
      })
    },
  }
}

/** How the answer to a request is read. */
type HowToRead = { readonly read?: ReadResult | undefined; readonly maxBytes?: number | undefined }

/** Sends calls in batches as large as the node accepts. */
class Sender {
  readonly label: string
  readonly #endpoint: HttpEndpoint
  readonly #options: NodeOptions
  readonly #rules: FaultRules
  readonly #size = new BatchSize()
  #lastId = 0
  /** Resolves when the last `large` call has ended. */
  #large: Promise<unknown> = Promise.resolve()

  constructor(options: NodeOptions) {
    this.#options = options
    this.#rules = { classify: options.classify, secrets: secretsOf(options.url) }
    this.#endpoint = createEndpoint(options.url, options.limits, options.tls)
    this.label = this.#endpoint.label
  }

  async send(calls: readonly RpcCall[], signal: AbortSignal): Promise<RpcOutcome[]> {
    const outcomes: RpcOutcome[] = []
    if (calls.some(({ large }) => large === true)) {
      for (const call of calls) outcomes.push(await this.#sendLarge(call, signal))
      return outcomes
    }
    for (let at = 0; at < calls.length; ) {
      const most = this.#size.most
      const group = most === 1 ? calls.slice(at) : calls.slice(at, at + most)
      const answered = await this.#sendGroup(group, signal)
      outcomes.push(...answered)
      at += group.length
      const [first] = answered
      // The rest would be deferred too.
      if (first !== undefined && answered.length > 1 && answered.every(isRateLimited)) {
        while (outcomes.length < calls.length) outcomes.push(first)
        break
      }
    }
    return outcomes
  }

  /** Records a refusal of a batch. */
  #refused(record: () => void): void {
    const before = this.#size.most
    record()
    if (before > 1 && this.#size.most === 1) this.#options.onSingleCalls()
  }

  onAllDeferred(asked: number): void {
    if (asked > 1) this.#size.rateLimited(Math.min(asked, this.#size.most))
  }

  async #post(body: unknown, signal: AbortSignal, how: HowToRead = {}): Promise<unknown> {
    const { read, maxBytes } = how
    this.#options.onRequest()
    const answer = await this.#endpoint.post(JSON.stringify(body), signal, maxBytes)
    try {
      return parseAnswer(answer, this.label, read === undefined ? undefined : (bytes) => parseAnswerBytes(bytes, read))
    } finally {
      answer.free()
    }
  }

  async #sendLarge(call: RpcCall, signal: AbortSignal): Promise<RpcOutcome> {
    const before = this.#large
    const own = before.then(() => this.#sendSingle(call, signal, LARGE_FACTOR * this.#options.limits.maxBytes))
    this.#large = own.catch(() => undefined)
    return own
  }

  async #sendSingle(call: RpcCall, signal: AbortSignal, maxBytes?: number): Promise<RpcOutcome> {
    const id = ++this.#lastId
    try {
      const answer = await this.#post(encode(call, id), signal, { read: call.read, maxBytes })
      // Some servers answer one call as a batch of one.
      const own: unknown = Array.isArray(answer) && answer.length === 1 ? answer[0] : answer
      const outcome = outcomeOf(own, call, this.#rules)
      // Some nodes omit the id (null) in an error. A result must have it.
      if (outcome === undefined || (outcome.ok && idOf(own) !== id)) {
        throw garbage(this.label, 'an answer to another call')
      }
      this.#size.answered(1)
      return outcome
    } catch (error) {
      if (error instanceof ServiceError && error.code === 'NODE_TOO_LARGE') return { ok: false, error }
      throw error
    }
  }

  async #sendSingles(calls: readonly RpcCall[], signal: AbortSignal): Promise<RpcOutcome[]> {
    const outcomes: RpcOutcome[] = []
    for (let at = 0; at < calls.length; ) {
      const group = calls.slice(at, at + (at === 0 ? 1 : SINGLES_IN_FLIGHT))
      const send = (call: RpcCall): Promise<RpcOutcome> => this.#sendSingle(call, signal)
      // Among several calls, only those that fail are sent again. If the first call fails, all would fail.
      const asked = group.map((call) => (at === 0 ? send(call) : send(call).catch(deferredOutcome)))
      outcomes.push(...(await Promise.all(asked)))
      at += group.length
    }
    return outcomes
  }

  async #sendHalves(calls: readonly RpcCall[], signal: AbortSignal): Promise<RpcOutcome[]> {
    const half = Math.ceil(calls.length / 2)
    return [
      ...(await this.#sendGroup(calls.slice(0, half), signal)),
      ...(await this.#sendGroup(calls.slice(half), signal)),
    ]
  }

  async #sendGroup(calls: readonly RpcCall[], signal: AbortSignal): Promise<RpcOutcome[]> {
    if (calls.length === 1 || this.#size.most === 1) return this.#sendSingles(calls, signal)
    const firstId = this.#lastId + 1
    this.#lastId += calls.length
    const body = calls.map((call, index) => encode(call, firstId + index))
    let answer: unknown
    try {
      answer = await this.#post(body, signal, { read: calls.find(({ read }) => read !== undefined)?.read })
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error
      return this.#afterFailure(error, calls, signal)
    }
    const read = readBatchAnswer(answer, { calls, firstId, rules: this.#rules })
    if (read.isGarbled) {
      this.#size.failed(calls.length)
      throw garbage(this.label, 'a batch with two answers to one call')
    }
    if (read.outcomes.includes(undefined)) return this.#afterPartialAnswer(read, calls, signal)
    const outcomes = read.outcomes.filter((outcome) => outcome !== undefined)
    if (isOneError(outcomes)) return this.#afterOneError(outcomes, calls, signal)
    if (!outcomes.every(isRateLimited)) this.#size.answered(calls.length)
    return outcomes
  }

  /** Handles a batch without an answer. Makes batches smaller if the size may be the reason. */
  async #afterFailure(error: ServiceError, calls: readonly RpcCall[], signal: AbortSignal): Promise<RpcOutcome[]> {
    if (error.code === 'NODE_TOO_LARGE') return this.#sendHalves(calls, signal)
    const status = Number(error.fields.status)
    if (error.code === 'NODE_REFUSED') {
      // The node may refuse everything or only batches: a single call shows which.
      const [first, ...others] = calls
      if (first === undefined) throw error
      const outcome = await this.#sendSingle(first, signal)
      this.#refused(() => this.#size.batchesRefused())
      return [outcome, ...(await this.#sendSingles(others, signal))]
    }
    if (error.code === 'NODE_HTTP' && BATCH_REFUSALS.has(status)) {
      if (status === 413) this.#refused(() => this.#size.refused(undefined, calls.length))
      else this.#refused(() => this.#size.batchesRefused())
      return this.send(calls, signal)
    }
    if (error.code === 'NODE_RATE_LIMITED') this.#size.rateLimited(calls.length)
    else if (error.code !== 'ABORTED' && !NOT_CONNECTED.has(String(error.fields.reason)))
      this.#size.failed(calls.length)
    throw error
  }

  /** Handles a batch with unanswered calls: sends them again in smaller batches. */
  async #afterPartialAnswer(
    { outcomes, batchError }: BatchAnswer,
    calls: readonly RpcCall[],
    signal: AbortSignal,
  ): Promise<RpcOutcome[]> {
    if (batchError !== undefined) {
      const speaksOfBatch = /batch/i.test(batchError.message)
      const error = classifyFault(batchError, { method: 'batch', params: [] }, this.#rules)
      if (error.code === 'NODE_RATE_LIMITED' && !speaksOfBatch) {
        this.#size.rateLimited(calls.length)
        throw error
      }
      const isRefused = BATCH_REFUSAL_CODES.has(batchError.code ?? 0) || speaksOfBatch
      if (!isRefused) {
        this.#size.failed(calls.length)
        return this.#sendSingles(calls, signal)
      }
      this.#refused(() => this.#size.refused(batchError, calls.length))
    } else {
      this.#size.halve(calls.length)
    }
    const left = calls.filter((_, index) => outcomes[index] === undefined)
    const deferred = await this.send(left, signal)
    return outcomes.flatMap((outcome) => outcome ?? deferred.shift() ?? [])
  }

  /**
   * Handles a batch in which every call has the same unclassified error: a single call shows whether the calls or the
   * batch caused it.
   */
  async #afterOneError(outcomes: RpcOutcome[], calls: readonly RpcCall[], signal: AbortSignal): Promise<RpcOutcome[]> {
    const [first, ...others] = calls
    if (first === undefined) return outcomes
    const alone = await this.#sendSingle(first, signal)
    if (!alone.ok) return outcomes
    // A lagging machine behind the URL may also be the cause, so batches get smaller only after repeated failures.
    this.#size.failed(calls.length)
    return [alone, ...(await this.send(others, signal))]
  }
}

/** True if all calls of a batch have the same unclassified error. */
function isOneError(outcomes: readonly RpcOutcome[]): boolean {
  const words = outcomes.map((outcome) => {
    if (outcome.ok || outcome.error.code !== 'NODE_RPC') return undefined
    return `${outcome.error.fields.rpcCode} ${outcome.error.message.slice(String(outcome.error.fields.method).length)}`
  })
  return words.length > 1 && words[0] !== undefined && words.every((one) => one === words[0])
}

function garbage(label: string, workKind: string): ServiceError {
  return new ServiceError('NODE_GARBAGE', `${label} answered ${workKind}`, { fields: { node: label } })
}
