import type { Header } from '../../../core/block.ts'
import type { RpcSession } from '../../../net/session.ts'
import { readHeaders } from '../heads/headers.ts'
import type { NodeWatch } from '../node-trust.ts'
import type { DecodedBlock } from './decode-range.ts'
import type { Range } from './logs.ts'

/** A block with the header that is known of it. `isRead`: it was read for its time. */
export type TimedBlock = {
  readonly block: DecodedBlock
  readonly header: Header | undefined
  readonly isRead: boolean
}

/**
 * Blocks with times that are right. What logs say of it is an optional field: it is taken only where all of them lie in order
 * between the times of the range's first and last block, and one of them, picked at random, is what its header says. Else
 * the headers are asked, and that node's logs are not believed for a while.
 * @throws NODE_*
 */
export async function withTimes(
  session: RpcSession,
  blocks: readonly DecodedBlock[],
  known: { readonly range: Range; readonly headers: readonly Header[]; readonly watch: NodeWatch },
): Promise<readonly TimedBlock[]> {
  const { range, watch } = known
  const key = `${session.label} log times`
  const headers = new Map(known.headers.map((header) => [header.number, header]))
  const told = blocks.filter(({ timestamp }) => timestamp !== undefined)
  const read = async (some: readonly DecodedBlock[]): Promise<void> => {
    const numbers = some.map(({ number }) => number).filter((number) => !headers.has(number))
    for (const header of await readHeaders(session, numbers)) headers.set(header.number, header)
    for (const { number } of some) isRead.add(number)
  }
  const isRead = new Set<number>()
  await read(blocks.filter(({ timestamp }) => timestamp === undefined))
  const ends = { first: headers.get(range.first), last: headers.get(range.last) }
  let isRight = !watch.refusals.isPaused(key) && areInOrder(told, ends)
  if (isRight) {
    const [sampled] = watch.samplesTime() ? told.slice(Math.floor(watch.random() * told.length)) : []
    if (sampled !== undefined) await read([sampled])
    isRight = told.every(({ number, timestamp }) => (headers.get(number)?.timestamp ?? timestamp) === timestamp)
  }
  if (!isRight && told.length > 0) {
    if (!watch.refusals.isPaused(key)) {
      watch.refusals.failed(key)
      watch.tell(session.label, "a log's time is not its block's: headers are asked", { block: told[0]?.number })
    }
    await read(told)
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
