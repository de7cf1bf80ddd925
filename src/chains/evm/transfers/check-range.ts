import { isServiceError, ServiceError } from '../../../core/errors.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { type Block, readBlocks } from '../heads/headers.ts'
import type { SampleSizes } from '../node-trust.ts'
import { garbage } from '../words/hex.ts'
import { ANY_EVENT, type BloomTest, checkBloom, rulesOut } from './bloom-check.ts'
import type { DecodedBlock } from './decode-range.ts'
import type { FilterKind } from './filter-kinds.ts'
import type { Range } from './logs.ts'
import { lacksReceipts, receiptsKey } from './receipts.ts'
import { countMissing, type FetchOptions, mergeTransfers, transfersFromReceipts } from './receipts-fallback.ts'

/**
 * Most blocks of a range that is fetched again from receipts: about 50 requests on a busy chain, and a minute at worst.
 */
const RECEIPTS_RANGE = 200

/** A range as the node's logs describe it. */
export type RangeAnswer = {
  readonly range: Range
  /** Blocks with transfers, in order. */
  readonly blocks: readonly DecodedBlock[]
  /** Blocks that have logs, but no log that decodes to a transfer. */
  readonly undecoded: ReadonlySet<number>
  /** The node refused the logs or answered null. The blooms or receipts must prove the range. */
  readonly unproven: boolean
  /** The kind of filter that was answered. */
  readonly kind: FilterKind | undefined
}

/**
 * Returns the blocks of a range after checking a random sample. Blocks without transfers are checked against their
 * blooms. Now and then a block with transfers is checked against its receipts. If anything is missing, the range is
 * fetched again from receipts, and that kind of filter is not used again on that node.
 * @throws RANGE_TOO_LARGE logs are missing, and the range is too long to fetch from receipts; NODE_*
 */
export async function checkRange(
  session: RpcSession,
  answer: RangeAnswer,
  options: FetchOptions,
): Promise<readonly DecodedBlock[]> {
  const { bloomTest, trust } = options
  const { first, last } = answer.range
  const tooLong = last - first >= RECEIPTS_RANGE
  if (answer.unproven) {
    if (tooLong) throw toReceiptsRange(`${session.label} gave no proper list of logs for a range`)
    return refetchByReceipts(session, answer, options)
  }
  if (bloomTest === undefined) return answer.blocks
  const samples = trust.nextSampleSizes(session.label, answer.kind)
  const found =
    (await areLogsMissingFromEmpty(session, answer, { ...options, bloomTest, samples })) ||
    (await areLogsMissingFromFull(session, answer, { ...options, samples }))
  if (!found) return answer.blocks
  trust.sampleClosely(session.label)
  if (answer.kind !== undefined) trust.stopUsing(session.label, { kind: answer.kind, block: first })
  if (tooLong) throw toReceiptsRange(`${session.label} left logs out of a long range`)
  return refetchByReceipts(session, answer, options)
}

function toReceiptsRange(why: string): ServiceError {
  return new ServiceError('RANGE_TOO_LARGE', why, { fields: { suggested: RECEIPTS_RANGE } })
}

/**
 * Picks `count` items at random, so that no pattern of omissions escapes for ever. The last item is always picked,
 * because a truncated answer lacks its end. `random` returns 0 to below 1.
 */
export function sampleOf<T>(items: readonly T[], count: number, random: () => number): readonly T[] {
  if (items.length <= count) return items
  const picked = new Set([items.length - 1])
  while (picked.size < count) picked.add(Math.floor(random() * items.length))
  return [...picked].sort((a, b) => a - b).flatMap((index) => items.slice(index, index + 1))
}

type SampleRequest = FetchOptions & { readonly samples: SampleSizes }

async function areLogsMissingFromEmpty(
  session: RpcSession,
  { range, blocks, undecoded }: RangeAnswer,
  request: SampleRequest & { readonly bloomTest: BloomTest },
): Promise<boolean> {
  const { samples, bloomTest, trust } = request
  const full = new Set(blocks.map(({ number }) => number))
  const emptyBlocks: number[] = []
  for (let number = range.first; number <= range.last; number++) {
    if (!full.has(number) && !undecoded.has(number)) emptyBlocks.push(number)
  }
  const sampled = await readBlocks(session, sampleOf(emptyBlocks, samples.emptyBlocks, trust.random))
  const suspects = sampled.filter(
    ({ bloom, transactions }) => transactions?.length !== 0 && checkBloom(bloom, bloomTest, new Set()) === 'strong',
  )
  const unverified = suspects.slice(0, samples.receipts).map((block) => ({ block, answers: [] }))
  const receipts = await transfersFromReceipts(session, unverified, request)
  const found = [...receipts.values()].some((transfers) => transfers.length > 0)
  if (receipts.size > 0 && !found) trust.noteFalseAlarm(session.label)
  return found
}

/**
 * Compares a sample of the blocks with transfers with their receipts, if the node has receipts. Nothing else detects a
 * missing log in such a block.
 */
async function areLogsMissingFromFull(
  session: RpcSession,
  { blocks }: RangeAnswer,
  { samples, scope, trust, bloomTest }: SampleRequest,
): Promise<boolean> {
  const count = Math.min(samples.fullBlocks, blocks.length)
  if (count === 0 || trust.coolDowns.isPaused(receiptsKey(session.label))) return false
  const unverified = sampleOf(blocks, count, trust.random).map((block) => ({ block, answers: [] }))
  try {
    const receipts = await transfersFromReceipts(session, unverified, {
      scope,
      trust,
      bloomTest,
      requireReceipts: true,
      tryAlternatives: false,
    })
    return unverified.some(({ block }) => countMissing(block.transfers, receipts.get(block.number) ?? []) > 0)
  } catch (error) {
    // Nothing was suspicious here. Pruned receipts, or a head that has moved on, do not count against the node.
    if (lacksReceipts(error) || isServiceError(error, 'NODE_BEHIND')) return false
    throw error
  }
}

/** Fetches the range again, from the receipts of every block whose bloom does not rule out logs of the scope. */
async function refetchByReceipts(
  session: RpcSession,
  { range, blocks, unproven }: RangeAnswer,
  options: FetchOptions,
): Promise<readonly DecodedBlock[]> {
  const { bloomTest, trust } = options
  const numbers = Array.from({ length: range.last - range.first + 1 }, (_, index) => range.first + index)
  const known = new Map(blocks.map((block) => [block.number, block]))
  const all = await readBlocks(session, numbers)
  const unverified = all.filter((block) => known.has(block.number) || mayHaveLogs(block, bloomTest))
  const answers = unproven ? undefined : []
  const receipts = await transfersFromReceipts(
    session,
    unverified.map((block) => ({ block, answers })),
    options,
  )
  let missing = 0
  const out = all.map((block) => {
    const own = known.get(block.number)
    if (own !== undefined && own.hash !== block.hash) throw garbage('logs and header of different blocks')
    const answer = receipts.get(block.number) ?? []
    missing += countMissing(own?.transfers ?? [], answer)
    const { number, hash, timestamp } = block
    return { number, hash, timestamp, misnumbered: false, transfers: mergeTransfers(own?.transfers ?? [], answer) }
  })
  if (missing > 0) trust.noteRepaired(session.label, { ...range, transfers: missing })
  return out.filter(({ transfers }) => transfers.length > 0)
}

function mayHaveLogs({ bloom, transactions }: Block, bloomTest: BloomTest | undefined): boolean {
  return transactions?.length !== 0 && !rulesOut(bloom, bloomTest ?? ANY_EVENT)
}
