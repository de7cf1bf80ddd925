import { ServiceError } from '../core/errors.ts'
import { createEndpoint, type HttpLimits } from './http.ts'
import {
  type Classify,
  classifyFault,
  encode,
  faultOf,
  isRecord,
  open,
  outcomeOf,
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

export function createNode(options: NodeOptions): Node {
  const { classify } = options
  const endpoint = createEndpoint(options.url, options.limits)
  const { label } = endpoint
  let maxBatch = MAX_BATCH
  let lastId = 0

  async function post(body: unknown, signal: AbortSignal): Promise<unknown> {
    options.onRequest()
    return open(await endpoint.post(JSON.stringify(body), signal), label)
  }

  async function sendSingle(call: RpcCall, signal: AbortSignal): Promise<RpcOutcome> {
    const id = ++lastId
    try {
      const answer = await post(encode(call, id), signal)
      const outcome = outcomeOf(answer, call, classify)
      // Some nodes leave the id out (null) of an error; a result must carry it.
      if (outcome === undefined || (outcome.ok && !hasId(answer, id))) throw garbage(label, 'an answer to another call')
      return outcome
    } catch (error) {
      if (error instanceof ServiceError && error.code === 'NODE_TOO_LARGE') return { ok: false, error }
      throw error
    }
  }

  async function sendSingles(calls: readonly RpcCall[], signal: AbortSignal): Promise<RpcOutcome[]> {
    const outcomes: RpcOutcome[] = []
    for (let at = 0; at < calls.length; ) {
      const group = calls.slice(at, at + (at === 0 ? 1 : SINGLES_IN_FLIGHT))
      outcomes.push(...(await Promise.all(group.map((call) => sendSingle(call, signal)))))
      at += group.length
    }
    return outcomes
  }

  async function sendHalves(calls: readonly RpcCall[], signal: AbortSignal): Promise<RpcOutcome[]> {
    const half = Math.ceil(calls.length / 2)
    return [...(await sendGroup(calls.slice(0, half), signal)), ...(await sendGroup(calls.slice(half), signal))]
  }

  async function sendGroup(calls: readonly RpcCall[], signal: AbortSignal): Promise<RpcOutcome[]> {
    if (calls.length === 0) return []
    if (calls.length === 1 || maxBatch === 1) return sendSingles(calls, signal)
    const firstId = lastId + 1
    lastId += calls.length
    let answer: unknown
    try {
      answer = await post(
        calls.map((call, index) => encode(call, firstId + index)),
        signal,
      )
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error
      if (error.code === 'NODE_TOO_LARGE') return sendHalves(calls, signal)
      if (error.code !== 'NODE_HTTP' || !BATCH_REFUSALS.has(Number(error.fields.status))) throw error
      maxBatch = Math.min(maxBatch, error.fields.status === 413 ? Math.floor(calls.length / 2) : 1)
      return sendChunks(calls, signal)
    }
    if (Array.isArray(answer)) return inOrder(answer, { calls, firstId, classify, label })
    return afterRefusal(answer, calls, signal)
  }

  // A batch answered by one object: the node refuses batches, or batches of this size, or is in trouble.
  async function afterRefusal(answer: unknown, calls: readonly RpcCall[], signal: AbortSignal): Promise<RpcOutcome[]> {
    const fault = isRecord(answer) ? faultOf(answer) : undefined
    if (fault === undefined) throw garbage(label, 'no array to a batch')
    const error = classifyFault(fault, { method: 'batch', params: [] }, classify)
    if (error.code === 'NODE_RATE_LIMITED' && !/batch/i.test(fault.message)) throw error
    const size = batchSize(fault, calls.length)
    if (!BATCH_REFUSAL_CODES.has(fault.code ?? 0) && !/batch/i.test(fault.message)) return sendSingles(calls, signal)
    maxBatch = Math.min(maxBatch, size)
    return sendChunks(calls, signal)
  }

  async function sendChunks(calls: readonly RpcCall[], signal: AbortSignal): Promise<RpcOutcome[]> {
    if (maxBatch === 1) return sendSingles(calls, signal)
    const outcomes: RpcOutcome[] = []
    for (let at = 0; at < calls.length; ) {
      const group = calls.slice(at, at + maxBatch)
      outcomes.push(...(await sendGroup(group, signal)))
      at += group.length
    }
    return outcomes
  }

  return {
    label,
    batch: async (calls, signal) => {
      const outcomes = await sendChunks(calls, signal)
      return settlePutOff(outcomes, {
        calls,
        send: (some) => sendChunks(some, signal),
        pause: (n) => wait(pauseMs(n, options.pauses, Math.random()), signal),
      })
    },
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
  readonly classify: Classify
  readonly label: string
}

function inOrder(answers: readonly unknown[], { calls, firstId, classify, label }: Asked): RpcOutcome[] {
  const byPlace = new Array<unknown>(calls.length)
  for (const answer of answers) {
    const id = isRecord(answer) ? answer.id : undefined
    const place = typeof id === 'number' ? id - firstId : -1
    if (place < 0 || place >= calls.length || byPlace[place] !== undefined)
      throw garbage(label, 'a batch with wrong ids')
    byPlace[place] = answer
  }
  return calls.map((call, place) => {
    const outcome = outcomeOf(byPlace[place], call, classify)
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
