import { ServiceError } from '../../../core/errors.ts'
import { isRecord } from '../../../core/is-record.ts'
import type { RpcSession } from '../../nodes/session.ts'

/** Most pages of one answer. */
const MAX_PAGES = 10_000

/** A coin as the node writes it. */
export type SentCoin = {
  readonly parent: string
  readonly amount: bigint
  readonly confirmed: number
  readonly spent: number
}

/** Reads all coins with a puzzle hash, spent ones too, page by page. @throws NODE_GARBAGE, NODE_* */
export async function coinsOf(session: RpcSession, puzzleHash: string): Promise<readonly SentCoin[]> {
  const coins: SentCoin[] = []
  let cursor: unknown
  for (let n = 0; n < MAX_PAGES; n++) {
    const page = cursor === undefined ? {} : { cursor }
    const params = { puzzle_hash: `0x${puzzleHash}`, include_spent_coins: true, ...page }
    const answer = await session.call({ method: 'get_coin_records_by_puzzle_hash', params })
    const { coin_records: records, truncated, next_cursor: next } = isRecord(answer) ? answer : {}
    if (!Array.isArray(records)) throw unusable('no coins')
    for (const record of records) coins.push(sentCoin(record))
    if (truncated !== true) return differing(coins)
    if (typeof next !== 'string' || next === cursor) throw unusable('a part of the coins without the next part')
    cursor = next
  }
  throw unusable('too many parts of a list')
}

/** Coins with one puzzle hash differ in their parents or amounts. */
function differing(coins: readonly SentCoin[]): readonly SentCoin[] {
  const names = new Set(coins.map(({ parent, amount }) => `${parent} ${amount}`))
  if (names.size < coins.length) throw unusable('a coin twice')
  return coins
}

function sentCoin(record: unknown): SentCoin {
  if (!isRecord(record) || !isRecord(record.coin)) throw unusable('no coin')
  const { confirmed_block_index: confirmed, spent_block_index: spent } = record
  const { parent_coin_info: parent, amount } = record.coin
  if (typeof parent !== 'string' || (typeof amount !== 'number' && typeof amount !== 'bigint'))
    throw unusable('no coin')
  if (typeof confirmed !== 'number' || typeof spent !== 'number') throw unusable('a coin without its blocks')
  return { parent, amount: BigInt(amount), confirmed, spent }
}

function unusable(words: string): ServiceError {
  return new ServiceError('NODE_GARBAGE', `the node answered ${words}`)
}

/** True if a coin is there and not spent at the end of a block. */
export function isHeld({ confirmed, spent }: SentCoin, block: number): boolean {
  return confirmed <= block && (spent === 0 || spent > block)
}
