/** Faults between a healthy node and its client, in an order that a seed decides. */
import { randomFrom } from '../../src/demo/plan.ts'
import { type Answer, type Arrived, type Asked, Fault, type Reply } from '../nodes/scripted-node.ts'

/** All the faults that an answer can have. */
export const FAULTS = [
  'hang',
  'reset',
  'half',
  'cut JSON',
  'no JSON',
  'HTTP 503',
  'HTTP 429',
  'HTTP 504',
  'pace',
  'lagging',
  'other chain',
  'no logs',
  'a block without its logs',
  'the last logs cut off',
  'logs twice',
  'an extra removed log',
  'logs of another block',
  'range refused',
  'range refused, with the same range as advice',
  'block hash refused',
  'no receipts',
] as const
export type FaultName = (typeof FAULTS)[number]

/**
 * Faults that apply to few requests. After one of them, the client does not repeat that kind of request to the node for
 * a while.
 */
export const ONCE = ['no receipts', 'block hash refused', 'other chain'] as const
/** Faults that apply only to ranges. */
export const OF_RANGES: readonly FaultName[] = ['range refused', 'range refused, with the same range as advice']
/** Faults of a backfill, and faults of following the head. */
export const BACKFILL_FAULTS = FAULTS.filter((name) => !ONCE.some((one) => one === name))
export const LIVE_FAULTS = BACKFILL_FAULTS.filter((name) => !OF_RANGES.includes(name))

/** Faults that apply to any request. */
const ANYWHERE: readonly FaultName[] = FAULTS.slice(0, FAULTS.indexOf('lagging') + 1)

/** One request in this many goes wrong, while faults are left. */
const FAULT_EVERY = 2

/** A number of faults in an order that the seed decides. Each kind is equally frequent. */
export class FaultPlan {
  /** Faults that happened, by kind. */
  readonly happened = new Map<FaultName, number>()
  readonly #left: FaultName[] = []
  readonly #random: () => number

  constructor(seed: number) {
    this.#random = randomFrom(seed)
  }

  add(kinds: readonly FaultName[], count: number): void {
    const before = this.#left.length
    for (let n = 0; n < count; n++) this.#left.push(kinds[n % kinds.length] ?? 'reset')
    for (let n = before + count - 1; n > 0; n--) {
      const other = this.below(n + 1)
      const [a, b] = [this.#left[n], this.#left[other]]
      if (a !== undefined && b !== undefined) [this.#left[n], this.#left[other]] = [b, a]
    }
  }

  /** Faults that did not happen yet. */
  get left(): readonly FaultName[] {
    return this.#left
  }

  below(n: number): number {
    return Math.floor(this.#random() * n)
  }

  /**
   * The fault of a request: the first remaining one that applies to it, or undefined. A node with `isRight` never
   * claims to be of another chain: if all nodes did, the chain would rightly stop.
   */
  draw(arrived: Arrived, isRight: boolean): FaultName | undefined {
    if (this.below(FAULT_EVERY) > 0) return undefined
    const suffers = (name: FaultName): boolean =>
      !ANYWHERE.includes(name) && !(isRight && name === 'other chain') && befalls(name, arrived)
    // Faults that apply to few requests come as soon as they can, those of ranges first: after logs were missing from a
    // range, the client requests no more ranges from that node.
    const ofRange = this.#left.findIndex((name) => OF_RANGES.includes(name) && suffers(name))
    const rare = ofRange >= 0 ? ofRange : this.#left.findIndex(suffers)
    const place = rare >= 0 ? rare : this.#left.findIndex((name) => ANYWHERE.includes(name))
    const [name] = place < 0 ? [] : this.#left.splice(place, 1)
    if (name !== undefined) this.happened.set(name, (this.happened.get(name) ?? 0) + 1)
    return name
  }
}

/** True if a fault of this name applies to a request. */
export function befalls(name: FaultName, { calls }: Arrived): boolean {
  const asks = (method: string): boolean => calls.some((call) => call.method === method)
  const filter = Object(calls.find((call) => call.method === 'eth_getLogs')?.params[0])
  switch (name) {
    case 'other chain':
      return asks('eth_chainId')
    case 'range refused':
    case 'range refused, with the same range as advice':
      return filter.fromBlock !== undefined && filter.fromBlock !== filter.toBlock
    case 'block hash refused':
      return filter.blockHash !== undefined
    case 'no receipts':
      return asks('eth_getBlockReceipts')
    case 'no logs':
    case 'a block without its logs':
    case 'the last logs cut off':
    case 'logs twice':
    case 'an extra removed log':
    case 'logs of another block':
      return asks('eth_getLogs')
    default:
      return true
  }
}

/** Replies that are the same for every request. */
export const WHOLE: Partial<Record<FaultName, Reply>> = {
  hang: 'hang',
  reset: 'reset',
  half: 'half',
  'no JSON': { text: '<html>Bad gateway</html>' },
  'HTTP 503': { status: 503, text: 'unavailable' },
  'HTTP 429': { status: 429, text: '', headers: { 'retry-after': '0' } },
  'HTTP 504': { status: 504, text: '' },
}

/** A healthy node. `lag` is how many blocks its next answer lags behind. */
export type HealthyNode = { lag: number; readonly answer: (asked: Asked) => JsonAnswer }

/** Decides the fault of each request. `isRight` is as in `FaultPlan.draw`. */
export type FaultSource = {
  readonly draw: (arrived: Arrived, isRight: boolean) => FaultName | undefined
  readonly below: (n: number) => number
}

/** The answers of a node with the faults of a plan. `isRight` is as in `draw`. */
export function faulty(node: HealthyNode, plan: FaultSource, isRight = true): Answer {
  return (arrived) => {
    const fault = plan.draw(arrived, isRight)
    const whole = fault === undefined ? undefined : WHOLE[fault]
    if (whole !== undefined) return whole
    node.lag = fault === 'lagging' ? 20 : 0
    const answers = arrived.calls.map((asked) => spoil(node.answer(asked), { asked, fault, plan }))
    node.lag = 0
    const json = arrived.batch ? answers : answers[0]
    if (fault !== 'cut JSON') return { json }
    const text = JSON.stringify(json)
    return { text: text.slice(0, Math.floor(text.length * 0.7)) }
  }
}

type Spoiling = {
  readonly asked: Arrived['calls'][number]
  readonly fault: FaultName | undefined
  readonly plan: FaultSource
}

type JsonAnswer = Readonly<Record<string, unknown>>

function spoil(answer: JsonAnswer, { asked, fault, plan }: Spoiling): JsonAnswer {
  if (fault === 'pace' && plan.below(2) === 0) return failing(answer, new Fault(-32005, 'rate limit exceeded'))
  if (fault === 'other chain' && asked.method === 'eth_chainId') return { ...answer, result: '0x2' }
  if (fault === 'no receipts' && asked.method === 'eth_getBlockReceipts') {
    return failing(answer, new Fault(-32601, 'the method eth_getBlockReceipts does not exist/is not available'))
  }
  if (asked.method !== 'eth_getLogs' || !Array.isArray(answer.result)) return answer
  const { fromBlock, toBlock } = Object(asked.params[0])
  switch (fault) {
    case 'range refused':
      return failing(answer, new Fault(-32602, 'block range is too wide'))
    case 'range refused, with the same range as advice':
      return failing(answer, new Fault(-32602, `this block range should work: [${fromBlock}, ${toBlock}]`))
    case 'block hash refused':
      return failing(answer, new Fault(-32602, 'invalid argument 0: unknown field blockHash'))
    default:
      return { ...answer, result: spoilLogs(answer.result, fault, plan) }
  }
}

function spoilLogs(logs: readonly JsonAnswer[], fault: FaultName | undefined, plan: FaultSource): readonly unknown[] {
  const some = logs[plan.below(logs.length)]
  if (some === undefined) return logs
  switch (fault) {
    case 'no logs':
      return []
    case 'a block without its logs':
      return logs.filter((log) => log.blockNumber !== some.blockNumber)
    case 'the last logs cut off':
      return logs.filter((log) => Number(log.blockNumber) < Number(some.blockNumber))
    case 'logs twice':
      return [...logs, ...logs]
    case 'an extra removed log':
      return [...logs, { ...some, removed: true, logIndex: '0x63' }]
    case 'logs of another block':
      return [...logs, { ...some, blockHash: `0x${'d'.repeat(64)}`, logIndex: '0x63' }]
    default:
      return logs
  }
}

function failing(answer: JsonAnswer, { code, message }: Fault): JsonAnswer {
  return { jsonrpc: '2.0', id: answer.id, error: { code, message } }
}
