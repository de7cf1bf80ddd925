import { assert } from '../../../core/assert.ts'
import { isServiceError, ServiceError } from '../../../core/errors.ts'
import type { RpcSession } from '../../nodes/session.ts'
import type { StarknetHeader } from '../heads/headers.ts'
import { minimalFelt } from '../words/felt.ts'
import { TRANSFER_SELECTORS } from '../words/selectors.ts'
import { readBlockReceipts, type WholeBlock } from './block-receipts.ts'
import { checkBlockEvents } from './check-block.ts'
import type { EventTrust } from './event-trust.ts'
import { type EventQuery, fetchEvents, otherBlock } from './fetch-events.ts'
import type { BlockEvent, EmittedEvent } from './raw-event.ts'

/** Most blocks read from receipts at once: about 25 requests of up to 16 MB. */
export const RECEIPTS_RANGE = 100

/**
 * Reads all events of these blocks, which must be in order: one entry per header. The events are not filtered, since
 * only then do they show their positions in the block, at every version of the specification, and only then can their
 * number be compared with the header's. Blocks whose events are not surely all are read from their receipts.
 * @throws NODE_BEHIND the node lacks a block, or has another one; RANGE_TOO_LARGE with field `suggested`;
 *   NODE_NO_RECEIPTS, NODE_GARBAGE, NODE_*
 */
export async function readWholeBlocks(
  session: RpcSession,
  headers: readonly StarknetHeader[],
  trust: EventTrust,
): Promise<readonly WholeBlock[]> {
  if (trust.usesReceipts(session.label)) {
    if (headers.length > RECEIPTS_RANGE) throw toReceiptsRange('Events were left out lately: receipts are read')
    trust.noteByReceipts(session.label, headers.length)
    return readBlockReceipts(session, headers)
  }
  const fetched = await fetchByBlock(session, headers, trust)
  if (fetched === undefined) return readBlockReceipts(session, headers)
  const blocks = headers.map((header) => ({ header, events: fetched.get(header.number) ?? [] }))
  const checked = blocks.map(({ header, events }) => checkBlockEvents(header, events))
  const doubtful = blocks.filter((_, index) => checked[index] === 'doubtful')
  const probes = doubtful.length > 0 && trust.shouldCheckDoubt(session.label) ? probesOf(doubtful) : []
  const uncounted = blocks.filter(({ header, events }) => header.eventCount === undefined && events.length > 0)
  const sample = trust.sampleOf(session.label, uncounted)
  const fallback = { session, trust, fromReceipts: new Map<number, WholeBlock>() }
  const missing = blocks.filter((_, index) => checked[index] === 'missing')
  await readFromReceipts([...missing, ...probes, ...sample], fallback)
  // One true doubt makes all others likely. A short block that showed no doubt makes all that are not counted likely.
  if (probes.some((block) => isShort(block, fallback))) await readFromReceipts(doubtful, fallback)
  if (sample.some((block) => isShort(block, fallback))) {
    trust.distrust(session.label)
    await readFromReceipts(uncounted, fallback)
  }
  return blocks.map((block) => fallback.fromReceipts.get(block.header.number) ?? block)
}

/** How many doubtful blocks of one answer are checked first, at its beginning and at its end. */
const PROBES_AT_EACH_END = 4

function probesOf<T>(doubtful: readonly T[]): readonly T[] {
  if (doubtful.length <= 2 * PROBES_AT_EACH_END) return doubtful
  return [...doubtful.slice(0, PROBES_AT_EACH_END), ...doubtful.slice(-PROBES_AT_EACH_END)]
}

type Fallback = {
  readonly session: RpcSession
  readonly trust: EventTrust
  /** The blocks that were read from receipts, by number. */
  readonly fromReceipts: Map<number, WholeBlock>
}

/** Reads these blocks from their receipts, except those that were read before. */
async function readFromReceipts(
  blocks: readonly WholeBlock[],
  { session, trust, fromReceipts }: Fallback,
): Promise<void> {
  const left = blocks.filter(({ header }) => !fromReceipts.has(header.number))
  if (left.length > RECEIPTS_RANGE) throw toReceiptsRange(`${session.label} left events out of many blocks`)
  const read = await readBlockReceipts(
    session,
    left.map(({ header }) => header),
  )
  for (const [index, block] of read.entries()) {
    const { number } = block.header
    fromReceipts.set(number, block)
    const fetched = left[index]
    const isSame = block.events.length === fetched?.events.length
    const missing = Math.max(0, countTransfers(block) - countTransfers(fetched))
    trust.noteReceipts(session.label, { block: number, missing, isSame })
  }
}

/** True if a block's receipts have other events than were fetched for it. */
function isShort({ header, events }: WholeBlock, { fromReceipts }: Fallback): boolean {
  const receipts = fromReceipts.get(header.number)
  return receipts !== undefined && receipts.events.length !== events.length
}

/** Returns the events by block number; undefined if the node does not answer them, so that receipts must. */
async function fetchByBlock(
  session: RpcSession,
  headers: readonly StarknetHeader[],
  trust: EventTrust,
): Promise<ReadonlyMap<number, readonly EmittedEvent[]> | undefined> {
  const queries = runsOf(headers).filter(mayHaveEvents).map(queryOf)
  try {
    const lists = await fetchEvents(session, queries, trust)
    return groupByBlock(lists, headers)
  } catch (error) {
    if (!isServiceError(error) || (error.code !== 'NODE_NO_LOGS' && error.code !== 'NODE_NO_METHOD')) throw error
    if (headers.length > RECEIPTS_RANGE) throw toReceiptsRange(error.message)
    trust.reports.report(session.label, 'node does not answer events: receipts are used', { reason: error.message })
    return undefined
  }
}

/** Splits headers into runs of consecutive numbers. */
function runsOf(headers: readonly StarknetHeader[]): readonly (readonly StarknetHeader[])[] {
  const runs: StarknetHeader[][] = []
  for (const header of headers) {
    const run = runs.at(-1)
    if (run !== undefined && run.at(-1)?.number === header.number - 1) run.push(header)
    else runs.push([header])
  }
  return runs
}

function mayHaveEvents(run: readonly StarknetHeader[]): boolean {
  return run.some(({ transactions }) => transactions?.length !== 0)
}

function queryOf(run: readonly StarknetHeader[]): EventQuery {
  const [first, last] = [run[0], run.at(-1)]
  assert(first !== undefined && last !== undefined, 'a run has a block')
  return { first: first.number, last: { number: last.number, hash: last.hash } }
}

function groupByBlock(
  lists: readonly (readonly EmittedEvent[])[],
  headers: readonly StarknetHeader[],
): ReadonlyMap<number, readonly EmittedEvent[]> {
  const hashes = new Map(headers.map(({ number, hash }) => [number, hash]))
  const byBlock = new Map<number, EmittedEvent[]>()
  for (const list of lists) {
    for (const event of list) {
      const { blockNumber, blockHash } = event
      if (hashes.get(blockNumber) !== blockHash) throw otherBlock(blockNumber)
      const events = byBlock.get(blockNumber)
      if (events === undefined) byBlock.set(blockNumber, [event])
      else events.push(event)
    }
  }
  return byBlock
}

function countTransfers(block: WholeBlock | undefined): number {
  const events: readonly BlockEvent[] = block?.events ?? []
  return events.filter(({ body }) => TRANSFER_SELECTORS.includes(minimalFelt(body.keys[0]) ?? '')).length
}

function toReceiptsRange(why: string): ServiceError {
  return new ServiceError('RANGE_TOO_LARGE', why, { fields: { suggested: RECEIPTS_RANGE } })
}
