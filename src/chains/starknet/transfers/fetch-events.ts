import type { BlockRef } from '../../../core/block.ts'
import { ServiceError } from '../../../core/errors.ts'
import { isRecord } from '../../../core/is-record.ts'
import type { RpcCall, RpcOutcome } from '../../../net/json-rpc.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { blockParameter } from '../heads/headers.ts'
import { hasRpcCode } from '../words/faults.ts'
import { garbage, minimalFelt, parseAddress } from '../words/felt.ts'
import { TRANSFER_SELECTORS } from '../words/selectors.ts'
import type { EventTrust } from './event-trust.ts'
import { type EmittedEvent, EmittedEvents } from './raw-event.ts'

/** Queries whose next pages are requested in one batch: about 6 MB of answer. */
const QUERIES_PER_BATCH = 8
/** Most events of one query, about 150 MB in memory: a range with more is read in smaller ranges. */
const MAX_EVENTS = 100_000
/** Most pages of one query. A node may scan a few thousand blocks for each, so even an empty range takes some. */
const MAX_PAGES = 5_000
/** A range whose tokens were refused this many times is read in smaller ranges. */
const MAX_REFUSALS = 2

/**
 * Events of all blocks from `first` to `last`. The range ends at a block that we hold, by its hash: a node that lags or
 * has another block says so, and does not answer an empty list.
 */
export type EventQuery = {
  readonly first: number
  readonly last: BlockRef
  /** Canonical addresses of contracts; undefined: all. More than one needs a node that takes a list. */
  readonly addresses?: readonly string[]
  /** True: only events that move tokens. */
  readonly onlyTransfers?: boolean
}

/**
 * Reads the events of these queries, in the order of the chain, one list per query. Events that are only pre-confirmed
 * are dropped, and the filter is applied again.
 * @throws NODE_BEHIND the node lacks the last block, or has another one; NODE_GARBAGE a page that contradicts the query
 *   or an earlier page; RANGE_TOO_LARGE with field `suggested`; NODE_NO_LOGS the node refuses even one block; NODE_*
 */
export async function fetchEvents(
  session: RpcSession,
  queries: readonly EventQuery[],
  trust: EventTrust,
): Promise<readonly (readonly EmittedEvent[])[]> {
  const readings = queries.map((query) => new Reading(query))
  for (;;) {
    const open = readings.filter(({ isDone }) => !isDone).slice(0, QUERIES_PER_BATCH)
    if (open.length === 0) return readings.map(({ events }) => events)
    const chunk = trust.chunkOf(session.label)
    const withKeys = !trust.withoutKeys.has(session.label)
    const outcomes = await session.batch(open.map((reading) => reading.nextCall({ chunk, withKeys })))
    for (const [index, reading] of open.entries()) {
      const outcome = outcomes[index]
      if (outcome === undefined) throw garbage('too little')
      takeOutcome(reading, outcome, { session, trust, chunk })
    }
  }
}

function takeOutcome(
  reading: Reading,
  outcome: RpcOutcome,
  { session, trust, chunk }: { readonly session: RpcSession; readonly trust: EventTrust; readonly chunk: number },
): void {
  if (outcome.ok) {
    reading.take(outcome.result)
    return
  }
  const { error } = outcome
  if (hasRpcCode(error, 'pageTooBig')) {
    if (!trust.halveChunk(session.label, chunk)) throw refusedAll(error)
    return
  }
  if (hasRpcCode(error, 'tooManyKeys') && !trust.withoutKeys.has(session.label) && reading.query.onlyTransfers) {
    trust.withoutKeys.add(session.label)
    trust.reports.report(session.label, 'node refuses a filter by keys: all events are read')
    reading.restart()
    return
  }
  if (hasRpcCode(error, 'tokenRefused') && reading.hasToken) {
    if (++reading.refusals >= MAX_REFUSALS) throw reading.smallerRange(error.message)
    trust.reports.report(session.label, 'node refuses its own continuation token: the range is read again')
    reading.restart()
    return
  }
  throw error
}

function refusedAll(cause: ServiceError): ServiceError {
  return new ServiceError('NODE_NO_LOGS', cause.message, { cause })
}

type PageShape = { readonly chunk: number; readonly withKeys: boolean }

/** One query on its way through the pages. */
class Reading {
  readonly query: EventQuery
  events: EmittedEvent[] = []
  isDone = false
  refusals = 0
  #pages = 0
  #token: string | undefined
  readonly #tokens = new Set<string>()
  #parser = new EmittedEvents()
  #last: EmittedEvent | undefined
  readonly #addresses: ReadonlySet<string> | undefined

  constructor(query: EventQuery) {
    this.query = query
    this.#addresses = query.addresses === undefined ? undefined : new Set(query.addresses)
  }

  get hasToken(): boolean {
    return this.#token !== undefined
  }

  restart(): void {
    this.events = []
    this.#token = undefined
    this.#tokens.clear()
    this.#last = undefined
    this.#parser = new EmittedEvents()
  }

  nextCall({ chunk, withKeys }: PageShape): RpcCall {
    const { first, last, addresses, onlyTransfers } = this.query
    const senders = addresses?.flatMap((address) => minimalFelt(address) ?? [])
    const filter = {
      from_block: blockParameter(first === last.number ? last : first),
      to_block: blockParameter(last),
      ...(senders === undefined ? {} : { address: senders.length === 1 ? senders[0] : senders }),
      ...(onlyTransfers === true && withKeys ? { keys: [TRANSFER_SELECTORS] } : {}),
      chunk_size: chunk,
      ...(this.#token === undefined ? {} : { continuation_token: this.#token }),
    }
    return { method: 'starknet_getEvents', params: [filter] }
  }

  /** Adds a page. A page without events may be followed by others; only a missing token ends the query. */
  take(page: unknown): void {
    const { events, continuation_token } = isRecord(page) ? page : {}
    if (!Array.isArray(events)) throw garbage('no page of events')
    for (const value of events) this.#takeEvent(value)
    const token = continuation_token ?? undefined
    if (token === undefined) {
      this.isDone = true
      return
    }
    if (typeof token !== 'string') throw garbage('a continuation token that is no text')
    if (this.#tokens.has(token)) throw garbage('the same continuation token twice', { events: this.events.length })
    this.#tokens.add(token)
    this.#token = token
    if (++this.#pages >= MAX_PAGES || this.events.length >= MAX_EVENTS) {
      throw this.smallerRange('A range has too many events')
    }
  }

  #takeEvent(value: unknown): void {
    const event = this.#parser.parse(value)
    if (event === undefined) throw garbage('something that is no event')
    if (event === 'pre_confirmed') return
    this.#confirmOrder(event)
    this.#last = event
    if (this.#isWanted(event)) this.events.push(event)
  }

  /** @throws NODE_GARBAGE the event is out of range or goes back; NODE_BEHIND it is of another block than ours */
  #confirmOrder(event: EmittedEvent): void {
    const { first, last } = this.query
    const { blockNumber: block, blockHash } = event
    if (block < first || block > last.number) {
      throw garbage('an event of a block out of range', { block, first, last: last.number })
    }
    const before = this.#last
    if (block === last.number && blockHash !== last.hash) throw otherBlock(block)
    if (before === undefined || before.blockNumber < block) return
    if (before.blockNumber > block) throw garbage('events that go back', { block, before: before.blockNumber })
    if (before.blockHash !== blockHash) throw otherBlock(block)
    if (!isLater(event, before)) throw garbage('events of one block out of order', { block })
  }

  #isWanted({ body }: EmittedEvent): boolean {
    const { onlyTransfers } = this.query
    if (onlyTransfers === true && !TRANSFER_SELECTORS.includes(minimalFelt(body.keys[0]) ?? '')) return false
    return this.#addresses?.has(parseAddress(body.from_address) ?? '') ?? true
  }

  /** The error that makes the caller ask for less: fewer blocks, or the receipts of a single one. */
  smallerRange(message: string): ServiceError {
    const { first, last } = this.query
    const suggested = Math.floor((last.number - first + 1) / 2)
    if (suggested === 0) return new ServiceError('NODE_NO_LOGS', message, { fields: { block: last.number } })
    return new ServiceError('RANGE_TOO_LARGE', message, { fields: { suggested } })
  }
}

/** False if the indexes of two events of one block, in this order, are given and do not rise. */
function isLater(event: EmittedEvent, before: EmittedEvent): boolean {
  const [at, index] = [event.transactionIndex, event.eventIndex]
  if (at === undefined || index === undefined) return true
  if (before.transactionIndex === undefined || before.eventIndex === undefined) return true
  return at === before.transactionIndex ? index > before.eventIndex : at > before.transactionIndex
}

/** The node has another block at this number: it follows another branch, or the chain was reorganized meanwhile. */
export function otherBlock(block: number): ServiceError {
  return new ServiceError('NODE_BEHIND', 'The node has events of another block', { fields: { block } })
}
