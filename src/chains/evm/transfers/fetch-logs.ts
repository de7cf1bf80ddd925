import { assert } from '../../../core/assert.ts'
import type { BlockRef, Header } from '../../../core/block.ts'
import { isServiceError, ServiceError } from '../../../core/errors.ts'
import type { ReadResult } from '../../../net/parse-answer-bytes.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { readBlocks } from '../heads/headers.ts'
import { ScannedLogs, scanLogs } from '../scan/scan-logs.ts'
import { isOdd } from '../words/faults.ts'
import { type DecodedRange, decodeRange } from './decode-range.ts'
import type { FilterKind } from './filter-kinds.ts'
import { filtersOf, onlyEvents } from './log-filters.ts'
import { type Answers, type BlockLogs, blocksAlone, logsOfBlocks, type Range } from './logs.ts'
import type { FetchOptions } from './receipts-fallback.ts'
import { wholeRange } from './whole-range.ts'

/** Most blocks of a range whose logs are requested by block hash: a few requests' worth, with their headers. */
const BLOCKS_BY_HASH = 100

/**
 * A node's logs of a range. `refused`: none, since one block has more logs than the node returns. `unproven`: refused,
 * or the node answered null, which is not a list; then blooms and receipts must decide. `kind`: the kind of filter that
 * was answered. `headers`: some headers of the range.
 */
export type RangeLogs = {
  readonly decoded: DecodedRange
  readonly refused: boolean
  readonly unproven: boolean
  readonly kind: FilterKind | undefined
  readonly headers: readonly Header[]
}

const NO_LOGS: RangeLogs = {
  decoded: { blocks: [], skipped: 0, undecoded: new Set() },
  refused: true,
  unproven: true,
  kind: undefined,
  headers: [],
}

/**
 * Fetches a range's logs with the best kind of filter that the node neither refuses nor has answered incompletely. If a
 * request fails for an unknown reason and `tryAlternatives` is set, it tries a smaller range, smaller filters, wider
 * filters, and block hashes.
 * @throws RANGE_TOO_LARGE a smaller range may succeed; NODE_BEHIND the node's head is below `last`; NODE_*
 */
export async function fetchLogsOfRange(session: RpcSession, range: Range, options: FetchOptions): Promise<RangeLogs> {
  const { scope, trust, tryAlternatives } = options
  const kinds = trust.filterKinds.usable(session.label, scope)
  const [best] = kinds
  if (best === undefined) return NO_LOGS
  const size = trust.filterKinds.sizeOf(session.label, best)
  try {
    const answer = await askRange(session, range, { ...options, kind: best, size })
    // A concurrent request may have shown that this kind of filter is incomplete.
    if (trust.filterKinds.isUnusable(session.label, best)) return await fetchLogsOfRange(session, range, options)
    return answer.refused && tryAlternatives
      ? await askAlternatives(session, range, { fetching: options, kinds, cause: undefined })
      : answer
  } catch (error) {
    if (!tryAlternatives || !isOdd(error)) throw error
    // If one block takes too long, only receipts are smaller.
    if (isServiceError(error, 'NODE_TIMEOUT') && range.first === range.last) return NO_LOGS
    return askAlternatives(session, range, { fetching: options, kinds, cause: error })
  }
}

type KindRequest = FetchOptions & { readonly kind: FilterKind; readonly size: number }

async function askRange(session: RpcSession, range: Range, request: KindRequest): Promise<RangeLogs> {
  const { scope, trust, kind, size } = request
  const filters = filtersOf(scope, kind.shape, size)
  if (kind.by === 'hash') return askRangeByHash(session, range, request)
  // Answers to several filters must be put together, which only the ordinary decoder does.
  const readerOf = (part: Range): ReadResult | undefined => (filters.length === 1 ? scanning(part, request) : undefined)
  const { answers, headers } = await wholeRange(session, range, { filters, watch: trust, readerOf })
  return { ...rangeLogsOf(answers, range, kind), kind, headers }
}

function scanning(range: Range, { kind, scans }: KindRequest): ReadResult | undefined {
  if (scans === undefined) return undefined
  return (bytes, at) => scanLogs(bytes, at, { ...range, dropsOthers: kind.shape === 'none', memory: scans })
}

function rangeLogsOf(
  answers: Answers,
  range: Range,
  kind: FilterKind,
): Pick<RangeLogs, 'decoded' | 'refused' | 'unproven'> {
  const [answer] = answers ?? []
  if (answer instanceof ScannedLogs) return { decoded: answer.decoded, refused: false, unproven: false }
  const lists = (onlyEvents(answers, kind.shape) ?? []).map((answer) => answer ?? [])
  const refused = answers === undefined
  return { decoded: decodeRange(lists, range), refused, unproven: refused || answers.includes(null) }
}

/** Fetches the logs of each block of a range by its hash, for a node that fails at ranges. */
async function askRangeByHash(session: RpcSession, range: Range, request: KindRequest): Promise<RangeLogs> {
  const { first, last } = range
  if (last - first >= BLOCKS_BY_HASH) {
    const fields = { suggested: BLOCKS_BY_HASH }
    throw new ServiceError('RANGE_TOO_LARGE', `${session.label} answers logs by block hash only`, { fields })
  }
  const { scope, kind, size } = request
  const headers = await readBlocks(
    session,
    Array.from({ length: last - first + 1 }, (_, index) => first + index),
  )
  const found = await logsOfBlocks(session, { headers, filters: filtersOf(scope, kind.shape, size), kind })
  const answers = found.map(({ answers: own }) => own)
  const answer = rangeLogsOf(answers.includes(undefined) ? undefined : answers.flatMap((own) => own ?? []), range, kind)
  return { ...answer, kind, headers }
}

/** `cause` undefined: one block has too many logs, so smaller filters may succeed. */
type FailedFetch = {
  readonly fetching: FetchOptions
  readonly kinds: readonly FilterKind[]
  readonly cause: ServiceError | undefined
}

/**
 * Requests one block with each kind of filter until one is answered. This shows whether the range or the filter causes
 * the failure.
 */
async function askAlternatives(session: RpcSession, range: Range, failed: FailedFetch): Promise<RangeLogs> {
  const { fetching: options, kinds, cause } = failed
  const { trust } = options
  const { label } = session
  const { first, last } = range
  for (const [index, kind] of kinds.entries()) {
    const knownSize = trust.filterKinds.sizeOf(label, kind)
    for (const size of sizesOf(options, kind, knownSize)) {
      const isAsBefore = index === 0 && size === knownSize
      if (isAsBefore && first === last) continue
      const answer = await attemptOnce(() => askRange(session, { first, last: first }, { ...options, kind, size }))
      if (answer === undefined || answer.refused) continue
      if (cause === undefined) return answer
      if (isAsBefore) throw smallerRange(cause)
      for (const refused of kinds.slice(0, index)) trust.filterKinds.markRefused(label, refused)
      if (size < knownSize) trust.filterKinds.setSize(label, kind, size)
      trust.report(label, 'node fails at a kind of filter: another kind is used', {
        filter: kind.shape,
        blocksBy: kind.by,
        size,
      })
      if (first === last) return answer
      const whole = await attemptOnce(() => askRange(session, range, { ...options, kind, size }))
      if (whole === undefined) throw smallerRange(cause)
      return whole
    }
  }
  if (cause !== undefined) markAllRefused(session, { fetching: options, kinds, cause })
  return NO_LOGS
}

function markAllRefused({ label }: RpcSession, { fetching: { trust }, kinds, cause }: FailedFetch): void {
  for (const kind of kinds) trust.filterKinds.markRefused(label, kind)
  trust.report(label, 'node fails at every kind of filter for logs: receipts are used', { reason: cause?.message })
}

/**
 * Returns undefined if the work failed for an unknown reason.
 * @throws an error about the node's state, or a request for a smaller range
 */
async function attemptOnce<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (!isOdd(error) || isServiceError(error, 'NODE_TIMEOUT')) throw error
    return undefined
  }
}

/** A block whose logs take too long may still have readable receipts. @throws any other error */
function ignoreTimeout(error: unknown): undefined {
  if (!isServiceError(error, 'NODE_TIMEOUT')) throw error
}

function smallerRange(cause: ServiceError): ServiceError {
  return new ServiceError('RANGE_TOO_LARGE', cause.message, { cause, fields: { suggested: undefined } })
}

/** Returns the filter sizes to try, in addresses: from the known size down to 1, as far as the scope has that many. */
function sizesOf({ scope }: FetchOptions, { shape }: FilterKind, knownSize: number): readonly number[] {
  const listed = scope.type === 'tokens' ? scope.tokens : scope.type === 'accounts' ? scope.accounts : []
  if (shape === 'none') return [knownSize]
  const sizes = [knownSize]
  const isListed = shape === 'addresses' || shape === 'accounts'
  for (let size = Math.min(knownSize, isListed ? listed.length : 1); size > 1; ) {
    size = Math.ceil(size / 2)
    sizes.push(size)
  }
  return sizes.at(-1) === 1 ? sizes : [...sizes, 1]
}

/**
 * Fetches the logs of these blocks, each with its block. `answers` is undefined for a block whose receipts must decide.
 * @throws NODE_BEHIND the node does not know one of them; NODE_*
 */
export async function fetchLogsOfBlocks(
  session: RpcSession,
  headers: readonly BlockRef[],
  options: FetchOptions,
): Promise<readonly BlockLogs[]> {
  const { scope, trust, tryAlternatives } = options
  const [best, ...others] = blockFilterKinds(session, options)
  if (best === undefined) return blocksAlone(session, headers)
  const ask = (kind: FilterKind, some: readonly BlockRef[], size: number): Promise<readonly BlockLogs[]> =>
    logsOfBlocks(session, { headers: some, filters: filtersOf(scope, kind.shape, size), kind })
  let cause: ServiceError | undefined
  let answer: readonly BlockLogs[] = []
  try {
    answer = await ask(best, headers, trust.filterKinds.sizeOf(session.label, best))
    if (!tryAlternatives || !answer.some(({ answers }) => answers === undefined)) return answer
  } catch (error) {
    const [next] = others.filter(({ by }) => by !== best.by)
    if (isServiceError(error, 'NODE_BLOCK_PARAMETER') && next !== undefined) {
      const found = await attemptOnce(() => ask(next, headers, trust.filterKinds.sizeOf(session.label, next)))
      if (found !== undefined) {
        trust.coolDowns.failed(hashKey(session.label))
        trust.report(session.label, 'node accepts no block hash for logs: block numbers are used')
        return found
      }
    }
    if (!tryAlternatives || !isOdd(error)) throw error
    cause = error
  }
  const found: BlockLogs[] = []
  for (const [index, header] of headers.entries()) {
    const one = answer[index]
    found.push(one?.answers === undefined ? await fetchLogsOfBlock(session, header, { fetching: options, cause }) : one)
  }
  return found
}

/**
 * Fetches one block's logs with each kind of filter in turn until one is answered. If none is, returns the block alone.
 */
async function fetchLogsOfBlock(
  session: RpcSession,
  header: BlockRef,
  { fetching: options, cause }: { readonly fetching: FetchOptions; readonly cause: ServiceError | undefined },
): Promise<BlockLogs> {
  const { scope, trust } = options
  const { label } = session
  const kinds = blockFilterKinds(session, options)
  for (const [index, kind] of kinds.entries()) {
    const knownSize = trust.filterKinds.sizeOf(label, kind)
    for (const size of sizesOf(options, kind, knownSize)) {
      const filters = filtersOf(scope, kind.shape, size)
      const found = await attemptOnce(() => logsOfBlocks(session, { headers: [header], filters, kind })).catch(
        ignoreTimeout,
      )
      const [one] = found ?? []
      if (one?.answers === undefined) continue
      if (cause === undefined) return one
      for (const refused of kinds.slice(0, index)) trust.filterKinds.markRefused(label, refused)
      if (size < knownSize) trust.filterKinds.setSize(label, kind, size)
      return one
    }
  }
  if (kinds.length > 0 && cause !== undefined) markAllRefused(session, { fetching: options, kinds, cause })
  const [alone] = await blocksAlone(session, [header])
  assert(alone !== undefined, 'one block was asked for')
  return alone
}

/**
 * Returns the kinds of filter for single blocks. Filters by hash come first, since a reorg cannot change their answer.
 */
function blockFilterKinds({ label }: RpcSession, { scope, trust }: FetchOptions): readonly FilterKind[] {
  const usable = trust.filterKinds.usable(label, scope)
  const byHash = trust.coolDowns.isPaused(hashKey(label)) ? [] : usable.filter(({ by }) => by === 'hash')
  return [...byHash, ...usable.filter(({ by }) => by === 'number')]
}

function hashKey(label: string): string {
  return `${label} logs by hash`
}
