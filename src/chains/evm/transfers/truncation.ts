import { ServiceError } from '../../../core/errors.ts'
import type { RpcSession } from '../../../net/session.ts'
import type { NodeWatch } from '../node-trust.ts'
import type { Filter } from './log-filters.ts'
import { type Answers, logsOfRange, type Range, type RangeAnswers } from './logs.ts'

/** Fewest logs of an answer that may have been cut without a word: seen are 25, 100, 256, and thousands. */
const ROUND_COUNTS = new Set([25, 50, 100, 128, 200, 250, 256, 500, 512])
/** Above these, every multiple of it, and every power of two. */
const ROUND_STEP = 1_000

/** True for a number of logs that somebody may have set as a limit. */
export function isRound(count: number): boolean {
  if (count < ROUND_STEP) return ROUND_COUNTS.has(count)
  return count % ROUND_STEP === 0 || Number.isInteger(Math.log2(count))
}

/**
 * Answers for a range, none of which was cut at some number of logs without a word: an answer of a round number of logs
 * is compared with those of the range's halves, unless its node is known to answer with as many.
 * @throws RANGE_TOO_LARGE the halves have more; or as `logsOfRange` does
 */
export async function wholeRange(
  session: RpcSession,
  range: Range,
  asking: { readonly filters: readonly Filter[]; readonly watch: NodeWatch },
): Promise<RangeAnswers> {
  const { filters, watch } = asking
  const { first, last } = range
  // The ends bound the times of the others, and one at random is held against what its logs say.
  const headers = [...new Set([first, last, first + Math.floor(watch.random() * (last - first + 1))])]
  const told = await logsOfRange(session, range, { filters, headers })
  const { answers } = told
  for (const [place, answer] of answers?.entries() ?? []) {
    const filter = filters[place]
    if (filter === undefined || !Array.isArray(answer)) continue
    const count = answer.length
    if (!isRound(count)) watch.sawWhole(session.label, count)
    if (watch.answersWhole(session.label, count)) continue
    // One block has no halves: its receipts tell.
    if (first === last) return { ...told, answers: undefined }
    const blocks = Math.ceil((last - first + 1) / 2)
    const halves = [
      { first, last: first + blocks - 1 },
      { first: first + blocks, last },
    ]
    let sum = 0
    for (const half of halves)
      sum += countIn((await logsOfRange(session, half, { filters: [filter], headers: [] })).answers)
    if (sum > count) {
      watch.tell(session.label, 'node cuts answers without a word', { logs: count })
      throw new ServiceError('RANGE_TOO_LARGE', `${session.label} cut an answer at ${count} logs`, {
        fields: { suggested: blocks },
      })
    }
    watch.sawWhole(session.label, count)
  }
  return told
}

function countIn(answers: Answers): number {
  const [answer] = answers ?? []
  // A half that is refused, or is no list, has more than anybody counted.
  return Array.isArray(answer) ? answer.length : Number.POSITIVE_INFINITY
}
