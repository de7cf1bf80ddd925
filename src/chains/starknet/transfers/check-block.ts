import type { StarknetHeader } from '../heads/headers.ts'
import type { EmittedEvent } from './raw-event.ts'

/**
 * Whether a node's events of a block are all. `missing`: they contradict the header or themselves. `doubtful`: the header
 * states no count, and a transaction has no event, although each pays a fee.
 */
export type Completeness = 'complete' | 'doubtful' | 'missing'

/** Compares the events that getEvents returned for a block, unfiltered and in order, with the block's header. */
export function checkBlockEvents(header: StarknetHeader, events: readonly EmittedEvent[]): Completeness {
  const { eventCount, transactions } = header
  if (eventCount !== undefined && eventCount !== events.length) return 'missing'
  if (haveHoles(events)) return 'missing'
  if (transactions === undefined) return eventCount === undefined ? 'doubtful' : 'complete'
  const emitting = transactionsInOrder(events, transactions)
  if (emitting === undefined) return 'missing'
  // L1 messages and, long ago, transactions without fee may have no event.
  return eventCount !== undefined || emitting === transactions.length ? 'complete' : 'doubtful'
}

/** True if an index of an event in its transaction is given, and one below it is missing. */
function haveHoles(events: readonly EmittedEvent[]): boolean {
  let before: EmittedEvent | undefined
  for (const event of events) {
    const isFirst = before?.transactionHash !== event.transactionHash
    const expected = isFirst ? 0 : (before?.eventIndex ?? -1) + 1
    if (event.eventIndex !== undefined && event.eventIndex !== expected) return true
    before = event
  }
  return false
}

/**
 * The number of transactions that emit these events; undefined if the events are not in the order of the block's
 * transactions, or of others.
 */
function transactionsInOrder(events: readonly EmittedEvent[], transactions: readonly string[]): number | undefined {
  let at = -1
  let count = 0
  for (const { transactionHash, transactionIndex } of events) {
    if (transactions[at] === transactionHash) continue
    at++
    while (at < transactions.length && transactions[at] !== transactionHash) at++
    if (at === transactions.length || (transactionIndex !== undefined && transactionIndex !== at)) return undefined
    count++
  }
  return count
}
