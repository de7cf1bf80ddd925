import { isServiceError, ServiceError } from '../../../core/errors.ts'
import type { RpcSession } from '../../../net/session.ts'
import { type Block, readBlocks } from '../heads/headers.ts'
import type { Closeness } from '../node-trust.ts'
import { garbage } from '../words/hex.ts'
import { ANY_EVENT, rulesOut, type ScopeTest, suspicion } from './bloom-check.ts'
import type { DecodedBlock } from './decode-range.ts'
import type { FilterKind } from './filter-kinds.ts'
import type { Range } from './logs.ts'
import { lacksReceipts, receiptsKey } from './receipts.ts'
import { type Fetching, missingFrom, receiptsWhere, united } from './receipts-fallback.ts'

/** Blocks of a range that is fetched again by receipts: some 50 requests' worth on a busy chain, and a minute's at worst. */
const RECEIPTS_RANGE = 200

/** A range as the node's logs tell it. */
export type RangeAnswer = {
  readonly range: Range
  /** Blocks with transfers, in order. */
  readonly blocks: readonly DecodedBlock[]
  /** Blocks whose logs are no well-formed transfers. */
  readonly silent: ReadonlySet<number>
  /** The node did not say in a proper way what it has: nothing is taken without its bloom or its receipts. */
  readonly unproven: boolean
  /** The kind of filter that was answered. */
  readonly way: FilterKind | undefined
}

/**
 * The blocks of a range, after a look at a random sample: blocks said to be without transfers against their blooms, now and
 * then one with transfers against its receipts. A range in which anything is missing is fetched again by receipts, and its
 * kind of filter is not used again on that node.
 * @throws RANGE_TOO_LARGE logs are missing from a range too long to be fetched by receipts; NODE_*
 */
export async function checkRange(
  session: RpcSession,
  answer: RangeAnswer,
  fetching: Fetching,
): Promise<readonly DecodedBlock[]> {
  const { test, watch } = fetching
  const { first, last } = answer.range
  const tooLong = last - first >= RECEIPTS_RANGE
  if (answer.unproven) {
    if (tooLong) throw toReceiptsRange(`${session.label} does not say properly which logs a range has`)
    return byReceipts(session, answer, fetching)
  }
  if (test === undefined) return answer.blocks
  const closeness = watch.closeness(session.label, answer.way)
  const found =
    (await missingFromEmpty(session, answer, { ...fetching, test, closeness })) ||
    (await missingFromFull(session, answer, { ...fetching, closeness }))
  if (!found) return answer.blocks
  watch.caught(session.label)
  if (answer.way !== undefined) watch.caughtAt(session.label, { way: answer.way, block: first })
  if (tooLong) throw toReceiptsRange(`${session.label} left logs out of a long range`)
  return byReceipts(session, answer, fetching)
}

function toReceiptsRange(why: string): ServiceError {
  return new ServiceError('RANGE_TOO_LARGE', why, { fields: { suggested: RECEIPTS_RANGE } })
}

/**
 * So many of a list, at random, so that no pattern of what is left out escapes for ever; its last one always among them: an
 * answer that was cut lacks its end. `random`: from 0 to below 1.
 */
export function sampleOf<T>(items: readonly T[], count: number, random: () => number): readonly T[] {
  if (items.length <= count) return items
  const picked = new Set([items.length - 1])
  while (picked.size < count) picked.add(Math.floor(random() * items.length))
  return [...picked].sort((a, b) => a - b).flatMap((place) => items.slice(place, place + 1))
}

type Looking = Fetching & { readonly closeness: Closeness }

async function missingFromEmpty(
  session: RpcSession,
  { range, blocks, silent }: RangeAnswer,
  looking: Looking & { readonly test: ScopeTest },
): Promise<boolean> {
  const { closeness, test, watch } = looking
  const full = new Set(blocks.map(({ number }) => number))
  const empties: number[] = []
  for (let number = range.first; number <= range.last; number++) {
    if (!full.has(number) && !silent.has(number)) empties.push(number)
  }
  const sampled = await readBlocks(session, sampleOf(empties, closeness.empties, watch.random))
  const suspects = sampled.filter(
    ({ bloom, transactions }) => transactions?.length !== 0 && suspicion(bloom, test, new Set()) === 'strong',
  )
  const doubtful = suspects.slice(0, closeness.settled).map((block) => ({ block, answers: [] }))
  const receipts = await receiptsWhere(session, doubtful, looking)
  const found = [...receipts.values()].some((transfers) => transfers.length > 0)
  if (receipts.size > 0 && !found) watch.falseAlarm(session.label)
  return found
}

/** Compares blocks that have transfers with their receipts, where the node has these: nothing else tells a log too few. */
async function missingFromFull(
  session: RpcSession,
  { blocks }: RangeAnswer,
  { closeness, scope, watch, test }: Looking,
): Promise<boolean> {
  const count = Math.min(closeness.compared, blocks.length)
  if (count === 0 || watch.refusals.isPaused(receiptsKey(session.label))) return false
  const doubtful = sampleOf(blocks, count, watch.random).map((block) => ({ block, answers: [] }))
  try {
    const receipts = await receiptsWhere(session, doubtful, { scope, watch, test, strict: true, otherwise: false })
    return doubtful.some(({ block }) => missingFrom(block.transfers, receipts.get(block.number) ?? []) > 0)
  } catch (error) {
    // Nothing here was suspicious: a node whose receipts are pruned, or that has moved on, is none the worse for it.
    if (lacksReceipts(error) || isServiceError(error, 'NODE_BEHIND')) return false
    throw error
  }
}

/** The range again, from the receipts of every block whose bloom does not rule the scope's logs out. */
async function byReceipts(
  session: RpcSession,
  { range, blocks, unproven }: RangeAnswer,
  fetching: Fetching,
): Promise<readonly DecodedBlock[]> {
  const { test, watch } = fetching
  const numbers = Array.from({ length: range.last - range.first + 1 }, (_, place) => range.first + place)
  const known = new Map(blocks.map((block) => [block.number, block]))
  const all = await readBlocks(session, numbers)
  const doubtful = all.filter((block) => known.has(block.number) || mayHave(block, test))
  const answers = unproven ? undefined : []
  const receipts = await receiptsWhere(
    session,
    doubtful.map((block) => ({ block, answers })),
    fetching,
  )
  let missing = 0
  const out = all.map((block) => {
    const own = known.get(block.number)
    if (own !== undefined && own.hash !== block.hash) throw garbage('logs and header of different blocks')
    const told = receipts.get(block.number) ?? []
    missing += missingFrom(own?.transfers ?? [], told)
    const { number, hash, timestamp } = block
    return { number, hash, timestamp, misnumbered: false, transfers: united(own?.transfers ?? [], told) }
  })
  if (missing > 0) watch.repaired(session.label, { ...range, transfers: missing })
  return out.filter(({ transfers }) => transfers.length > 0)
}

function mayHave({ bloom, transactions }: Block, test: ScopeTest | undefined): boolean {
  return transactions?.length !== 0 && !rulesOut(bloom, test ?? ANY_EVENT)
}
