import type { FetchScope } from '../../adapter.ts'
import { readLinkedHeaders } from '../../nodes/linked-headers.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { takesAddressList } from '../heads/confirm-node.ts'
import { readHeaders, type StarknetHeader } from '../heads/headers.ts'
import { garbage } from '../words/felt.ts'
import { Interned } from '../words/interned.ts'
import { readBlockReceipts, type WholeBlock } from './block-receipts.ts'
import { type DecodedBlock, decodeBlock, wantedBy } from './decode-block.ts'
import { decodeEvent } from './decode-event.ts'
import type { EventTrust } from './event-trust.ts'
import { type EventQuery, fetchEvents, otherBlock } from './fetch-events.ts'
import { readWholeBlocks } from './whole-blocks.ts'

/** Most addresses in one filter: nodes accept at least this many. */
const ADDRESSES_PER_QUERY = 100
/** Most queries for a scope of tokens. With more tokens, the transfers of all are read and filtered here. */
const MAX_QUERIES = 16

type Range = { readonly first: number; readonly last: number }
/** Which transfers to read, and what is known of the nodes. */
export type ReadOptions = { readonly scope: FetchScope; readonly trust: EventTrust }

/**
 * Reads the events of a scope in a range of old blocks: each block that has some, in order.
 * @throws RANGE_TOO_LARGE with field `suggested`; NODE_BEHIND, BLOCK_CONFLICT, NODE_*
 */
export async function readRange(
  session: RpcSession,
  range: Range,
  options: ReadOptions,
): Promise<readonly DecodedBlock[]> {
  const { scope, trust } = options
  if (scope.type === 'all' || trust.withoutFilters.has(session.label)) return readAllBlocks(session, range, options)
  const [last] = await readHeaders(session, [range.last])
  if (last === undefined) throw garbage('too little')
  const found = await findBlocks(session, { first: range.first, last }, options)
  // Reading the whole range takes fewer requests than reading most of its blocks one by one.
  if (2 * found.size > range.last - range.first) return readAllBlocks(session, range, options)
  const sampled = sampleOf(range, found, trust)
  const numbers = [...found.keys(), ...(sampled === undefined ? [] : [sampled])].sort((a, b) => a - b)
  const headers = await readHeaders(session, numbers)
  for (const { number, hash } of headers) if ((found.get(number) ?? hash) !== hash) throw otherBlock(number)
  const blocks = decodeAll(await readWholeBlocks(session, headers, trust), options)
  if (blocks.some(({ header, events }) => header.number === sampled && events.length > 0)) {
    trust.withoutFilters.add(session.label)
    trust.counts.omittedLogs++
    trust.reports.report(session.label, 'node left out events of a filter: all events are read', { block: sampled })
    return readAllBlocks(session, range, options)
  }
  return blocks.filter(isRelevant)
}

/**
 * Reads the events of a scope in these blocks, by hash: one entry per header, in order.
 * @throws NODE_BEHIND, NODE_NO_RECEIPTS, NODE_*
 */
export async function readBlocks(
  session: RpcSession,
  headers: readonly StarknetHeader[],
  options: ReadOptions & { readonly source?: 'logs' | 'receipts' },
): Promise<readonly DecodedBlock[]> {
  const { source, trust } = options
  const whole =
    source === 'receipts' ? await readBlockReceipts(session, headers) : await readWholeBlocks(session, headers, trust)
  return decodeAll(whole, options)
}

async function readAllBlocks(
  session: RpcSession,
  range: Range,
  options: ReadOptions,
): Promise<readonly DecodedBlock[]> {
  const headers = await readLinkedHeaders(range, (numbers) => readHeaders(session, numbers))
  return decodeAll(await readWholeBlocks(session, headers, options.trust), options).filter(isRelevant)
}

function isRelevant({ events, upgraded }: DecodedBlock): boolean {
  return events.length > 0 || upgraded.length > 0
}

function decodeAll(blocks: readonly WholeBlock[], { scope, trust }: ReadOptions): readonly DecodedBlock[] {
  const interned = new Interned()
  return blocks.map((block) =>
    decodeBlock(block, { scope, interned, onSkipped: (reason, where) => trust.noteSkipped(reason, where) }),
  )
}

/**
 * Finds the blocks with events of a scope, each with its hash, by filters of the node. Accounts cannot be filtered: the
 * most common layout has them in the data.
 */
async function findBlocks(
  session: RpcSession,
  { first, last }: { readonly first: number; readonly last: StarknetHeader },
  { scope, trust }: ReadOptions,
): Promise<ReadonlyMap<number, string>> {
  const wanted = wantedBy(scope)
  const interned = new Interned()
  const groups = addressGroups(scope, takesAddressList(trust.versions.get(session.label)))
  const base: EventQuery = { first, last: { number: last.number, hash: last.hash }, onlyTransfers: true }
  const queries = groups === undefined ? [base] : groups.map((addresses) => ({ ...base, addresses }))
  const found = new Map<number, string>()
  for (const list of await fetchEvents(session, queries, trust)) {
    for (const { body, blockNumber, blockHash } of list) {
      const decoded = decodeEvent(body, interned)
      if (decoded === undefined || typeof decoded === 'string' || !wanted(decoded)) continue
      if ((found.get(blockNumber) ?? blockHash) !== blockHash) throw otherBlock(blockNumber)
      found.set(blockNumber, blockHash)
    }
  }
  return found
}

/** The addresses of each query; undefined: no filter by address. */
function addressGroups(scope: FetchScope, takesList: boolean): readonly (readonly string[])[] | undefined {
  if (scope.type === 'pair' || scope.type === 'mints') return [[scope.token]]
  if (scope.type !== 'tokens' || scope.tokens.length === 0) return undefined
  const size = takesList ? ADDRESSES_PER_QUERY : 1
  if (scope.tokens.length > MAX_QUERIES * size) return undefined
  const groups: string[][] = []
  for (let at = 0; at < scope.tokens.length; at += size) groups.push(scope.tokens.slice(at, at + size))
  return groups
}

/** Picks a block without events of the scope, at random, to compare the filter's answer with. */
function sampleOf({ first, last }: Range, found: ReadonlyMap<number, string>, trust: EventTrust): number | undefined {
  const picked = first + Math.floor(trust.random() * (last - first + 1))
  return found.has(picked) ? undefined : picked
}
