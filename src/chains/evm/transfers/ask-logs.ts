import { assert } from '../../../core/assert.ts'
import type { BlockRef, Header } from '../../../core/block.ts'
import { isServiceError, ServiceError } from '../../../core/errors.ts'
import type { RpcSession } from '../../../net/session.ts'
import { readBlocks } from '../heads/headers.ts'
import { isOdd } from '../words/faults.ts'
import { type DecodedRange, decodeRange } from './decode-range.ts'
import type { FilterKind } from './filter-kinds.ts'
import { filtersOf, onlyEvents } from './log-filters.ts'
import { type Answers, type BlockLogs, blocksAlone, logsOfBlocks, type Range } from './logs.ts'
import type { Fetching } from './receipts-fallback.ts'
import { wholeRange } from './truncation.ts'

/** Blocks whose logs are asked by hash in place of one range: some requests' worth, with their headers. */
const BLOCKS_BY_HASH = 100

/**
 * What a node says of a range's logs. `refused`: nothing, since one block's are more than it answers with. `unproven`: that, or
 * it said null, which is no list: then blooms and receipts have to tell. `headers`: some of the range's.
 */
export type ToldRange = {
  readonly decoded: DecodedRange
  readonly refused: boolean
  readonly unproven: boolean
  readonly way: FilterKind | undefined
  readonly headers: readonly Header[]
}

const NOTHING: ToldRange = {
  decoded: { blocks: [], skipped: 0, silent: new Set() },
  refused: true,
  unproven: true,
  way: undefined,
  headers: [],
}

/**
 * A range's logs, asked by the best kind of filter that the node was not caught at and does not refuse. What fails for an
 * unknown reason is asked otherwise, where that is wanted: as a smaller range, by smaller filters, by wider filters, by hash.
 * @throws RANGE_TOO_LARGE a smaller range may do; NODE_BEHIND the node's head is below `last`; NODE_*
 */
export async function fetchLogsOfRange(session: RpcSession, range: Range, fetching: Fetching): Promise<ToldRange> {
  const { scope, watch, otherwise } = fetching
  const ways = watch.ways.usable(session.label, scope)
  const [best] = ways
  if (best === undefined) return NOTHING
  const size = watch.ways.sizeOf(session.label, best)
  try {
    const told = await askRange(session, range, { ...fetching, way: best, size })
    // Requests under way at once may have caught the node at this kind of filter meanwhile.
    if (watch.ways.isCaught(session.label, best)) return await fetchLogsOfRange(session, range, fetching)
    return told.refused && otherwise ? await askOtherwise(session, range, { fetching, ways, cause: undefined }) : told
  } catch (error) {
    if (!otherwise || !isOdd(error)) throw error
    // Of one block that takes too long only receipts are smaller.
    if (isServiceError(error, 'NODE_TIMEOUT') && range.first === range.last) return NOTHING
    return askOtherwise(session, range, { fetching, ways, cause: error })
  }
}

type Asking = Fetching & { readonly way: FilterKind; readonly size: number }

async function askRange(session: RpcSession, range: Range, asking: Asking): Promise<ToldRange> {
  const { scope, watch, way, size } = asking
  const filters = filtersOf(scope, way.shape, size)
  if (way.by === 'hash') return askRangeByHash(session, range, asking)
  const { answers, headers } = await wholeRange(session, range, { filters, watch })
  return { ...toldOf(answers, range, way), way, headers }
}

function toldOf(answers: Answers, range: Range, way: FilterKind): Pick<ToldRange, 'decoded' | 'refused' | 'unproven'> {
  const lists = (onlyEvents(answers, way.shape) ?? []).map((answer) => answer ?? [])
  const refused = answers === undefined
  return { decoded: decodeRange(lists, range), refused, unproven: refused || answers.includes(null) }
}

/** The logs of each block of a range by its hash: for a node that fails at ranges. */
async function askRangeByHash(session: RpcSession, range: Range, asking: Asking): Promise<ToldRange> {
  const { first, last } = range
  if (last - first >= BLOCKS_BY_HASH) {
    const fields = { suggested: BLOCKS_BY_HASH }
    throw new ServiceError('RANGE_TOO_LARGE', `${session.label} answers logs by block hash only`, { fields })
  }
  const { scope, way, size } = asking
  const headers = await readBlocks(
    session,
    Array.from({ length: last - first + 1 }, (_, place) => first + place),
  )
  const found = await logsOfBlocks(session, { headers, filters: filtersOf(scope, way.shape, size), way })
  const answers = found.map(({ answers: own }) => own)
  const told = toldOf(answers.includes(undefined) ? undefined : answers.flatMap((own) => own ?? []), range, way)
  return { ...told, way, headers }
}

/** `cause` undefined: one block's logs are too much, so that smaller filters may do. */
type Failed = {
  readonly fetching: Fetching
  readonly ways: readonly FilterKind[]
  readonly cause: ServiceError | undefined
}

/** One block is asked by each kind of filter until one is answered: that tells whether the range or the filter is to blame. */
async function askOtherwise(session: RpcSession, range: Range, failed: Failed): Promise<ToldRange> {
  const { fetching, ways, cause } = failed
  const { watch } = fetching
  const { label } = session
  const { first, last } = range
  for (const [place, way] of ways.entries()) {
    const known = watch.ways.sizeOf(label, way)
    for (const size of sizesOf(fetching, way, known)) {
      const isAsBefore = place === 0 && size === known
      if (isAsBefore && first === last) continue
      const told = await attempt(() => askRange(session, { first, last: first }, { ...fetching, way, size }))
      if (told === undefined || told.refused) continue
      if (cause === undefined) return told
      if (isAsBefore) throw smaller(cause)
      for (const refused of ways.slice(0, place)) watch.ways.refused(label, refused)
      if (size < known) watch.ways.setSize(label, way, size)
      watch.tell(label, 'node fails at a kind of filter: asked by another', {
        filter: way.shape,
        blocksBy: way.by,
        size,
      })
      if (first === last) return told
      const whole = await attempt(() => askRange(session, range, { ...fetching, way, size }))
      if (whole === undefined) throw smaller(cause)
      return whole
    }
  }
  if (cause !== undefined) noneWorks(session, { fetching, ways, cause })
  return NOTHING
}

function noneWorks({ label }: RpcSession, { fetching: { watch }, ways, cause }: Failed): void {
  for (const way of ways) watch.ways.refused(label, way)
  watch.tell(label, 'node fails at every kind of filter for logs: receipts are asked', { reason: cause?.message })
}

/** Undefined: it failed for an unknown reason. @throws what is due to the node's state, or asks for a smaller range */
async function attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (!isOdd(error) || isServiceError(error, 'NODE_TIMEOUT')) throw error
    return undefined
  }
}

/** A block whose logs take too long may still have its receipts. @throws any other error */
function timedOut(error: unknown): undefined {
  if (!isServiceError(error, 'NODE_TIMEOUT')) throw error
}

function smaller(cause: ServiceError): ServiceError {
  return new ServiceError('RANGE_TOO_LARGE', cause.message, { cause, fields: { suggested: undefined } })
}

/** Most addresses in one filter, from what is known down to 1, as far as the scope has so many. */
function sizesOf({ scope }: Fetching, { shape }: FilterKind, known: number): readonly number[] {
  const listed = scope.type === 'tokens' ? scope.tokens : scope.type === 'accounts' ? scope.accounts : []
  if (shape === 'none') return [known]
  const sizes = [known]
  const isListed = shape === 'addresses' || shape === 'accounts'
  for (let size = Math.min(known, isListed ? listed.length : 1); size > 1; ) {
    size = Math.ceil(size / 2)
    sizes.push(size)
  }
  return sizes.at(-1) === 1 ? sizes : [...sizes, 1]
}

/**
 * The logs of these very blocks, each with its block and answers, which are undefined where receipts have to tell.
 * @throws NODE_BEHIND the node does not know one of them; NODE_*
 */
export async function fetchLogsOfBlocks(
  session: RpcSession,
  headers: readonly BlockRef[],
  fetching: Fetching,
): Promise<readonly BlockLogs[]> {
  const { scope, watch, otherwise } = fetching
  const [best, ...others] = blockWays(session, fetching)
  if (best === undefined) return blocksAlone(session, headers)
  const ask = (way: FilterKind, some: readonly BlockRef[], size: number): Promise<readonly BlockLogs[]> =>
    logsOfBlocks(session, { headers: some, filters: filtersOf(scope, way.shape, size), way })
  let cause: ServiceError | undefined
  let told: readonly BlockLogs[] = []
  try {
    told = await ask(best, headers, watch.ways.sizeOf(session.label, best))
    if (!otherwise || !told.some(({ answers }) => answers === undefined)) return told
  } catch (error) {
    const [next] = others.filter(({ by }) => by !== best.by)
    if (isServiceError(error) && error.fields.failure === 'block_parameter' && next !== undefined) {
      const found = await attempt(() => ask(next, headers, watch.ways.sizeOf(session.label, next)))
      if (found !== undefined) {
        watch.refusals.failed(hashKey(session.label))
        watch.tell(session.label, 'node takes no block hash for logs: asked by number')
        return found
      }
    }
    if (!otherwise || !isOdd(error)) throw error
    cause = error
  }
  const found: BlockLogs[] = []
  for (const [place, header] of headers.entries()) {
    const one = told[place]
    found.push(one?.answers === undefined ? await tellBlock(session, header, { fetching, cause }) : one)
  }
  return found
}

/** One block's logs, by each kind of filter in turn until one is answered; else the block alone. */
async function tellBlock(
  session: RpcSession,
  header: BlockRef,
  { fetching, cause }: { readonly fetching: Fetching; readonly cause: ServiceError | undefined },
): Promise<BlockLogs> {
  const { scope, watch } = fetching
  const { label } = session
  const ways = blockWays(session, fetching)
  for (const [place, way] of ways.entries()) {
    const known = watch.ways.sizeOf(label, way)
    for (const size of sizesOf(fetching, way, known)) {
      const filters = filtersOf(scope, way.shape, size)
      const found = await attempt(() => logsOfBlocks(session, { headers: [header], filters, way })).catch(timedOut)
      const [one] = found ?? []
      if (one?.answers === undefined) continue
      if (cause === undefined) return one
      for (const refused of ways.slice(0, place)) watch.ways.refused(label, refused)
      if (size < known) watch.ways.setSize(label, way, size)
      return one
    }
  }
  if (ways.length > 0 && cause !== undefined) noneWorks(session, { fetching, ways, cause })
  const [alone] = await blocksAlone(session, [header])
  assert(alone !== undefined, 'one block was asked for')
  return alone
}

/** Kinds of filter for very blocks: by hash, so that no reorg comes between, before by number. */
function blockWays({ label }: RpcSession, { scope, watch }: Fetching): readonly FilterKind[] {
  const usable = watch.ways.usable(label, scope)
  const byHash = watch.refusals.isPaused(hashKey(label)) ? [] : usable.filter(({ by }) => by === 'hash')
  return [...byHash, ...usable.filter(({ by }) => by === 'number')]
}

function hashKey(label: string): string {
  return `${label} logs by hash`
}
