import type { Known } from '../../core/balance.ts'
import type { BlockRef } from '../../core/block.ts'
import type { ChainId } from '../../core/chain.ts'

/** The header with the block of an answer, the finality of that block, and the age of the data. */
export const AS_OF_HEADER = 'balance-as-of'

/** The values of the header. By default all rows of the answer are of one block and no row is missing. */
export type AnswerAsOf = Pick<Known, 'block' | 'finality' | 'source' | 'knownAt'> & {
  readonly uniform?: boolean
  readonly complete?: boolean
}

/**
 * Returns the header's value (an item of RFC 9651):
 * `"eip155:1";block=123;hash="0x…";finality=finalized;source=events;age=2`. `age` is the number of whole seconds
 * between `knownAt` and `now` (Unix seconds), never negative. `;uniform=?0` is added if rows are of different blocks,
 * `;complete=?0` if rows may be missing.
 */
export function asOfKnown(chain: ChainId, known: AnswerAsOf, now: number): string {
  const age = Math.max(0, Math.floor(now - known.knownAt))
  const text = `${asOfBlock(chain, known.block)};finality=${known.finality};source=${known.source};age=${age}`
  return `${text}${known.uniform === false ? ';uniform=?0' : ''}${known.complete === false ? ';complete=?0' : ''}`
}

/**
 * As `asOfKnown`, for a list that may be answered before the chain has its first block: then it is incomplete and has no
 * block (`"eip155:1";complete=?0`).
 */
export function asOfList(chain: ChainId, known: AnswerAsOf | undefined, now: number): string {
  return known === undefined ? `"${chain}";complete=?0` : asOfKnown(chain, known, now)
}

function asOfBlock(chain: ChainId, block: BlockRef): string {
  const known = TEXTS.get(block)
  if (known?.chain === chain) return known.text
  const text = `"${chain}";block=${block.number};hash=${quoted(block.hash)}`
  TEXTS.set(block, { chain, text })
  return text
}

// Thousands of answers share one block object until the next block arrives, so its text is cached.
const TEXTS = new WeakMap<BlockRef, { readonly chain: ChainId; readonly text: string }>()

// A string of RFC 9651 holds visible ASCII and spaces; quotes and backslashes are escaped.
const PLAIN = /^[0-9A-Za-z:_-]*$/

function quoted(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`
  return `"${text.replace(/[^\x20-\x7e]/g, '').replace(/["\\]/g, '\\$&')}"`
}
