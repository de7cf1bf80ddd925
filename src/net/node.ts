import { ServiceError } from '../core/errors.ts'
import { secretsOf } from '../core/url.ts'
import { createEndpoint, type HttpEndpoint, type HttpLimits } from './http.ts'
import {
  type Classify,
  classifyFault,
  encode,
  faultOf,
  isRecord,
  open,
  outcomeOf,
  type Reading,
  type RpcCall,
  type RpcFault,
  type RpcOutcome,
} from './json-rpc.ts'
import { type Pauses, pauseMs, wait } from './wait.ts'

/** Most calls in one batch: what geth, Infura and Alchemy take at most is 1,000; half leaves room in the answer. */
const MAX_BATCH = 500
/** Calls in flight to a node that takes no batches: hides the round trip without looking like an attack. */
const SINGLES_IN_FLIGHT = 8
/** HTTP statuses by which servers refuse a batch as such, where a single call would pass. */
const BATCH_REFUSALS = new Set([400, 404, 405, 411, 413, 414, 415, 422, 501])
/** JSON-RPC codes by which nodes refuse a batch as such: invalid request, no such method, invalid params. */
const BATCH_REFUSAL_CODES = new Set([-32600, -32601, -32602])

export type NodeOptions = {
  readonly url: string
  readonly limits: HttpLimits
  readonly pauses: Pauses
  readonly classify: Classify
  /** Called before each HTTP request. */
  readonly onRequest: () => void
}

/** One node, asked once: no retries here except for the items of a batch that the node put off. */
export type Node = {
  readonly label: string
  /**
   * What became of each call, in order. Where the node takes no batches, the first call is answered before the others
   * are sent.
   * @throws NODE_* where the whole was not answered, ABORTED
   */
  readonly batch: (calls: readonly RpcCall[], signal: AbortSignal) => Promise<readonly RpcOutcome[]>
}

/** One node: it remembers what it refuses (batches, long batches) and is asked accordingly. */
export function createNode(options: NodeOptions): Node {
  const sender = new Sender(options)
  const { label } = sender
  return {
    label,
    batch: async (calls, signal) => {
      const outcomes = await sender.send(calls, signal)
      return settlePutOff(outcomes, {
        calls,
        send: (some) => sender.send(some, signal),
        pause: (n) => wait(pauseMs(n, options.pauses, Math.random()), signal),
      })
    },
  }
}

/** Sends calls in batches as large as the node takes them, and remembers how large that is. */
class Sender {
  readonly label: string
  private readonly endpoint: HttpEndpoint
  private readonly options: NodeOptions
  private readonly reading: Reading
  private maxBatch = MAX_BATCH
  private lastId = 0

  constructor(options: NodeOptions) {
    this.options = options
    this.reading = { classify: options.classify, secrets: secretsOf(options.url) }
    this.endpoint = createEndpoint(options.url, options.limits)
    this.label = this.endpoint.label
  }

  async send(calls: readonly RpcCall[], signal: AbortSignal): Promise<RpcOutcome[]> {
    if (this.maxBatch === 1) return this.sendSingles(calls, signal)
    const outcomes: RpcOutcome[] = []
    for (let at = 0; at < calls.length; ) {
      const group = calls.slice(at, at + this.maxBatch)
      outcomes.push(...(await this.sendGroup(group, signal)))
      at += group.length
    }
    return outcomes
  }

  private async post(body: unknown, signal: AbortSignal): Promise<unknown> {
    this.options.onRequest()
    return open(await this.endpoint.post(JSON.stringify(body), signal), this.label)
  }

  private async sendSingle(call: RpcCall, signal: AbortSignal): Promise<RpcOutcome> {
    const id = ++this.lastId
    try {
      const answer = await this.post(encode(call, id), signal)
      const outcome = outcomeOf(answer, call, this.reading)
      // Some nodes leave the id out (null) of an error; a result must carry it.
      if (outcome === undefined || (outcome.ok && !hasId(answer, id))) {
        throw garbage(this.label, 'an answer to another call')
      }
      return outcome
    } catch (error) {
      if (error instanceof ServiceError && error.code === 'NODE_TOO_LARGE') return { ok: false, error }
      throw error
    }
  }

  private async sendSingles(calls: readonly RpcCall[], signal: AbortSignal): Promise<RpcOutcome[]> {
    const outcomes: RpcOutcome[] = []
    for (let at = 0; at < calls.length; ) {
      const group = calls.slice(at, at + (at === 0 ? 1 : SINGLES_IN_FLIGHT))
      outcomes.push(...(await Promise.all(group.map((call) => this.sendSingle(call, signal)))))
      at += group.length
    }
    return outcomes
  }

  private async sendHalves(calls: readonly RpcCall[], signal: AbortSignal): Promise<RpcOutcome[]> {
    const half = Math.ceil(calls.length / 2)
    return [
      ...(await this.sendGroup(calls.slice(0, half), signal)),
      ...(await this.sendGroup(calls.slice(half), signal)),
    ]
  }

  private async sendGroup(calls: readonly RpcCall[], signal: AbortSignal): Promise<RpcOutcome[]> {
    if (calls.length === 1 || this.maxBatch === 1) return this.sendSingles(calls, signal)
    const firstId = this.lastId + 1
    this.lastId += calls.length
    const body = calls.map((call, index) => encode(call, firstId + index))
    let answer: unknown
    try {
      answer = await this.post(body, signal)
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error
      if (error.code === 'NODE_TOO_LARGE') return this.sendHalves(calls, signal)
      const status = Number(error.fields.status)
      if (error.code !== 'NODE_HTTP' || !BATCH_REFUSALS.has(status)) throw error
      this.maxBatch = Math.min(this.maxBatch, status === 413 ? Math.floor(calls.length / 2) : 1)
      return this.send(calls, signal)
    }
    if (Array.isArray(answer)) return inOrder(answer, { calls, firstId, reading: this.reading, label: this.label })
    return this.afterRefusal(answer, calls, signal)
  }

  // A batch answered by one object: the node refuses batches, or batches of this size, or is in trouble.
  private async afterRefusal(answer: unknown, calls: readonly RpcCall[], signal: AbortSignal): Promise<RpcOutcome[]> {
    const fault = isRecord(answer) ? faultOf(answer) : undefined
    if (fault === undefined) throw garbage(this.label, 'no array to a batch')
    const speaksOfBatch = /batch/i.test(fault.message)
    const error = classifyFault(fault, { method: 'batch', params: [] }, this.reading)
    if (error.code === 'NODE_RATE_LIMITED' && !speaksOfBatch) throw error
    if (!BATCH_REFUSAL_CODES.has(fault.code ?? 0) && !speaksOfBatch) return this.sendSingles(calls, signal)
    this.maxBatch = Math.min(this.maxBatch, batchSize(fault, calls.length))
    return this.send(calls, signal)
  }
}

type PutOff = {
  readonly calls: readonly RpcCall[]
  readonly send: (calls: readonly RpcCall[]) => Promise<RpcOutcome[]>
  readonly pause: (n: number) => Promise<void>
}

/**
 * Sends again what the node put off (over its pace, or no more room in the answer), as long as each round settles some:
 * a provider that allows 50 calls a second answers 50 of a batch of 100.
 * @throws NODE_RATE_LIMITED a whole round was put off
 */
async function settlePutOff(outcomes: RpcOutcome[], { calls, send, pause }: PutOff): Promise<readonly RpcOutcome[]> {
  let asked = calls.length
  for (let round = 1; ; round++) {
    const late = [...calls.keys()].filter((index) => isPutOff(outcomes[index], asked))
    if (late.length === 0) return outcomes
    const first = outcomes[late[0] ?? 0]
    if (late.length === asked && first?.ok === false) throw first.error
    await pause(round)
    asked = late.length
    const again = await send(late.flatMap((index) => calls[index] ?? []))
    for (const [place, index] of late.entries()) {
      const outcome = again[place]
      if (outcome !== undefined) outcomes[index] = outcome
    }
  }
}

// A single answer over the limit or out of time is final; in a batch, the others may have used up room and time.
function isPutOff(outcome: RpcOutcome | undefined, asked: number): boolean {
  if (outcome === undefined || outcome.ok) return false
  const { code, fields } = outcome.error
  if (code === 'NODE_RATE_LIMITED') return true
  return asked > 1 && 'rpcCode' in fields && (code === 'NODE_TOO_LARGE' || code === 'NODE_TIMEOUT')
}

type Asked = {
  readonly calls: readonly RpcCall[]
  readonly firstId: number
  readonly reading: Reading
  readonly label: string
}

function inOrder(answers: readonly unknown[], { calls, firstId, reading, label }: Asked): RpcOutcome[] {
  const byPlace = new Array<unknown>(calls.length)
  for (const answer of answers) {
    const id = isRecord(answer) ? answer.id : undefined
    const place = typeof id === 'number' ? id - firstId : -1
    if (place < 0 || place >= calls.length || byPlace[place] !== undefined)
      throw garbage(label, 'a batch with wrong ids')
    byPlace[place] = answer
  }
  return calls.map((call, place) => {
    const outcome = outcomeOf(byPlace[place], call, reading)
    if (outcome === undefined) throw garbage(label, 'a batch with calls unanswered')
    return outcome
  })
}

/** The batch size to go on with after a refusal: the node's own number, else half, else single calls. */
function batchSize(fault: RpcFault, tried: number): number {
  const hint = Number(/\b(\d{1,4})\b/.exec(fault.message)?.[1])
  if (hint >= 1 && hint < tried) return hint
  return /too (?:large|big|many|long)|limit|exceed|max|more than/i.test(fault.message) ? Math.floor(tried / 2) : 1
}

function hasId(answer: unknown, id: number): boolean {
  return isRecord(answer) && answer.id === id
}

function garbage(label: string, what: string): ServiceError {
  return new ServiceError('NODE_GARBAGE', `${label} answered ${what}`, { fields: { node: label } })
}
