import type { Header } from '../../../core/block.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { readHeaders } from '../heads/headers.ts'
import type { NodeTrust } from '../node-trust.ts'
import type { DecodedBlock } from './decode-range.ts'
import type { Range } from './logs.ts'

/** A block with its header, if known. `isRead`: the header was read for its time. */
export type TimedBlock = {
  readonly block: DecodedBlock
  readonly header: Header | undefined
  readonly isRead: boolean
}

/**
 * Returns blocks with correct times. The time in a log is an optional field. It is accepted only if all of them are in
 * order between the times of the range's first and last block, and a random one of them matches its header. Otherwise
 * the headers are read, and that node's log times are ignored for a while.
 * @throws NODE_*
 */
export async function addTimes(
  session: RpcSession,
  blocks: readonly DecodedBlock[],
  known: { readonly range: Range; readonly headers: readonly Header[]; readonly watch: NodeTrust },
): Promise<readonly TimedBlock[]> {
  const { range, watch: trust } = known
  const key = `${session.label} log times`
  const headers = new Map(known.headers.map((header) => [header.number, header]))
  const answer = blocks.filter(({ timestamp }) => timestamp !== undefined)
  const read = async (some: readonly DecodedBlock[]): Promise<void> => {
    const numbers = some.map(({ number }) => number).filter((number) => !headers.has(number))
    for (const header of await readHeaders(session, numbers)) headers.set(header.number, header)
    for (const { number } of some) isRead.add(number)
  }
  const isRead = new Set<number>()
  await read(blocks.filter(({ timestamp }) => timestamp === undefined))
  const ends = { first: headers.get(range.first), last: headers.get(range.last) }
  let isRight = !trust.coolDowns.isPaused(key) && areInOrder(answer, ends)
  if (isRight) {
    const [sampled] = trust.shouldSampleTime() ? answer.slice(Math.floor(trust.random() * answer.length)) : []
    if (sampled !== undefined) await read([sampled])
    isRight = answer.every(({ number, timestamp }) => (headers.get(number)?.timestamp ?? timestamp) === timestamp)
  }
  if (!isRight && answer.length > 0) {
    if (!trust.coolDowns.isPaused(key)) {
      trust.coolDowns.failed(key)
      trust.report(session.label, "a log's time is not its block's: headers are read", { block: answer[0]?.number })
    }
    await read(answer)
  }
  return blocks.map((block) => ({ block, header: headers.get(block.number), isRead: isRead.has(block.number) }))
}

function areInOrder(
  blocks: readonly DecodedBlock[],
  { first, last }: { readonly first: Header | undefined; readonly last: Header | undefined },
): boolean {
  if (first === undefined || last === undefined) return false
  let before = first.timestamp
  return blocks.every(({ timestamp = before }) => {
    const isInOrder = timestamp >= before && timestamp <= last.timestamp
    before = timestamp
    return isInOrder
  })
}
