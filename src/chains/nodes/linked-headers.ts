import type { Header } from '../../core/block.ts'
import { ServiceError } from '../../core/errors.ts'

/** Reads the headers of these blocks from one node, in order. @throws NODE_* */
export type ReadHeaders<T extends Header> = (numbers: readonly number[]) => Promise<readonly T[]>

/**
 * Reads the headers from `first` to `last` from one node, and checks their numbers and that each is the parent of the
 * next. An empty range has none.
 * @throws BLOCK_CONFLICT the chain changed while it was read; NODE_GARBAGE other blocks than those asked for; what
 *   `readHeaders` throws
 */
export async function readLinkedHeaders<T extends Header>(
  range: { readonly first: number; readonly last: number },
  readHeaders: ReadHeaders<T>,
): Promise<readonly T[]> {
  const count = Math.max(0, range.last - range.first + 1)
  const numbers = Array.from({ length: count }, (_, index) => range.first + index)
  const headers = await readHeaders(numbers)
  if (headers.length !== count) throw otherBlocks({ asked: count, answered: headers.length })
  for (const [index, header] of headers.entries()) {
    if (header.number !== numbers[index]) throw otherBlocks({ asked: numbers[index], answered: header.number })
    const parent = headers[index - 1]
    if (parent !== undefined && header.parentHash !== parent.hash) {
      throw new ServiceError('BLOCK_CONFLICT', 'Headers do not link', { fields: { block: header.number } })
    }
  }
  return headers
}

function otherBlocks(fields: { readonly asked: number | undefined; readonly answered: number }): ServiceError {
  return new ServiceError('NODE_GARBAGE', 'The node answered other blocks', { fields })
}
