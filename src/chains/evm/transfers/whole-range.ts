import type { ReadResult } from '../../../net/parse-answer-bytes.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { isWhole } from '../../nodes/truncation.ts'
import type { NodeTrust } from '../node-trust.ts'
import { ScannedLogs } from '../scan/scan-logs.ts'
import type { Filter } from './log-filters.ts'
import { type Answers, logsOfRange, type Range, type RangeAnswers } from './logs.ts'

/** Returns how to read the answer to a range without making objects first; undefined if it must be JSON. */
export type ReaderOf = (range: Range) => ReadResult | undefined

/**
 * Reads the logs of a range and checks that no answer was truncated without an error, by `isWhole`.
 * @throws RANGE_TOO_LARGE the halves have more logs; or as `logsOfRange` does
 */
export async function wholeRange(
  session: RpcSession,
  range: Range,
  request: { readonly filters: readonly Filter[]; readonly watch: NodeTrust; readonly readerOf: ReaderOf },
): Promise<RangeAnswers> {
  const { filters, watch: trust, readerOf } = request
  const { label } = session
  const { first, last } = range
  // The headers of both ends bound the times between them. A random header is compared with what its logs say.
  const headers = [...new Set([first, last, first + Math.floor(trust.random() * (last - first + 1))])]
  const whole = await logsOfRange(session, range, { filters, headers, read: readerOf(range) })
  for (const [index, answer] of whole.answers?.entries() ?? []) {
    const filter = filters[index]
    const count = countOf(answer)
    if (filter === undefined || count === undefined) continue
    const isProven = await isWhole(
      { label, range, count },
      {
        uncut: trust.uncut,
        countIn: async (half) =>
          countIn((await logsOfRange(session, half, { filters: [filter], headers: [], read: readerOf(half) })).answers),
        onTruncated: () => trust.report(label, 'node truncates answers without an error', { logs: count }),
      },
    )
    // One block has no halves: its receipts must decide.
    if (!isProven) return { ...whole, answers: undefined }
  }
  return whole
}

function countIn(answers: Answers): number {
  const [answer] = answers ?? []
  // A half that is refused, or is not a list, counts as having more logs than the whole.
  return countOf(answer) ?? Number.POSITIVE_INFINITY
}

/** The number of logs in an answer; undefined if it is not a list. */
function countOf(answer: unknown): number | undefined {
  if (answer instanceof ScannedLogs) return answer.count
  return Array.isArray(answer) ? answer.length : undefined
}
