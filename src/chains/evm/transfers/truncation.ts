import { ServiceError } from '../../../core/errors.ts'
import type { RpcSession } from '../../../net/session.ts'
import type { NodeTrust } from '../node-trust.ts'
import type { Filter } from './log-filters.ts'
import { type Answers, logsOfRange, type Range, type RangeAnswers } from './logs.ts'

/**
 * Small log counts at which nodes have been seen to truncate answers without an error. Larger ones follow `ROUND_STEP`.
 */
const ROUND_COUNTS = new Set([25, 50, 100, 128, 200, 250, 256, 500, 512])
/** From here on, every multiple of this number and every power of two is a likely limit. */
const ROUND_STEP = 1_000

/** True for a number of logs that is likely to be a configured limit. */
export function isRound(count: number): boolean {
  if (count < ROUND_STEP) return ROUND_COUNTS.has(count)
  return count % ROUND_STEP === 0 || Number.isInteger(Math.log2(count))
}

/**
 * Reads the logs of a range and checks that no answer was truncated without an error. If an answer has a round number
 * of logs, it is compared with the answers for the two halves of the range, unless the node is known to return that
 * many.
 * @throws RANGE_TOO_LARGE the halves have more logs; or as `logsOfRange` does
 */
export async function wholeRange(
  session: RpcSession,
  range: Range,
  request: { readonly filters: readonly Filter[]; readonly watch: NodeTrust },
): Promise<RangeAnswers> {
  const { filters, watch: trust } = request
  const { first, last } = range
  // The headers of both ends bound the times between them. A random header is compared with what its logs say.
  const headers = [...new Set([first, last, first + Math.floor(trust.random() * (last - first + 1))])]
  const whole = await logsOfRange(session, range, { filters, headers })
  const { answers } = whole
  for (const [index, answer] of answers?.entries() ?? []) {
    const filter = filters[index]
    if (filter === undefined || !Array.isArray(answer)) continue
    const count = answer.length
    if (!isRound(count)) trust.noteUncut(session.label, count)
    if (trust.isKnownUncut(session.label, count)) continue
    // One block has no halves: its receipts must decide.
    if (first === last) return { ...whole, answers: undefined }
    const blocks = Math.ceil((last - first + 1) / 2)
    const halves = [
      { first, last: first + blocks - 1 },
      { first: first + blocks, last },
    ]
    let sum = 0
    for (const half of halves)
      sum += countIn((await logsOfRange(session, half, { filters: [filter], headers: [] })).answers)
    if (sum > count) {
      trust.report(session.label, 'node truncates answers without an error', { logs: count })
      throw new ServiceError('RANGE_TOO_LARGE', `${session.label} truncated an answer at ${count} logs`, {
        fields: { suggested: blocks },
      })
    }
    trust.noteUncut(session.label, count)
  }
  return whole
}

function countIn(answers: Answers): number {
  const [answer] = answers ?? []
  // A half that is refused, or is not a list, counts as having more logs than the whole.
  return Array.isArray(answer) ? answer.length : Number.POSITIVE_INFINITY
}
