/** The answers of a full node's RPC (https://docs.chia.net/reference-client/rpc-reference/full-node-rpc). */
import { ServiceError } from '../../../core/errors.ts'
import { isRecord } from '../../../core/is-record.ts'
import { type Coin, coinId } from '../puzzles/coin.ts'
import type { CoinSpend } from '../puzzles/spend.ts'
import { garbage } from './faults.ts'
import { type Hex, parseBytes, parseHex32 } from './hex.ts'

/** A coin as a node knows it. `spent`: the block that spent it; undefined if none did. Times are Unix seconds. */
export type CoinRecord = {
  readonly id: Hex
  readonly coin: Coin
  readonly confirmed: number
  readonly spent: number | undefined
  readonly timestamp: number
}

/**
 * A block as a node knows it. `timestamp`: undefined for a block without transactions; `transactionsBelow` is then the
 * newest block below that has some.
 */
export type BlockRecord = {
  readonly number: number
  readonly hash: string
  readonly parentHash: string
  readonly timestamp: number | undefined
  readonly transactionsBelow: number
}

/** 32 bytes as they are sent: with 0x. */
export function sent(hex: Hex): string {
  return `0x${hex}`
}

/** Parses a coin. @throws NODE_GARBAGE */
export function parseCoin(value: unknown): Coin {
  if (!isRecord(value)) throw garbage('no coin')
  const [parent, puzzleHash] = [parseHex32(value.parent_coin_info), parseHex32(value.puzzle_hash)]
  const amount = parseAmount(value.amount)
  if (parent === undefined || puzzleHash === undefined || amount === undefined) {
    throw garbage('a coin without parent, puzzle hash or amount')
  }
  return { parent, puzzleHash, amount }
}

/** Parses a coin record. @throws NODE_GARBAGE */
export function parseCoinRecord(value: unknown): CoinRecord {
  if (!isRecord(value)) throw garbage('no coin record')
  const coin = parseCoin(value.coin)
  const [confirmed, spent] = [parseNumber(value.confirmed_block_index), parseNumber(value.spent_block_index)]
  const timestamp = parseNumber(value.timestamp)
  if (confirmed === undefined || spent === undefined || timestamp === undefined) {
    throw garbage('a coin record without blocks or time')
  }
  // Older nodes also send `spent`; both say the same.
  return { id: coinId(coin), coin, confirmed, spent: spent === 0 ? undefined : spent, timestamp }
}

/** Parses a block record. @throws NODE_GARBAGE; NODE_BEHIND it is null: the node has no such block */
export function parseBlock(value: unknown): BlockRecord {
  if (value === null || value === undefined) throw new ServiceError('NODE_BEHIND', 'the node has no such block')
  if (!isRecord(value)) throw garbage('no block record')
  const [number, hash, parentHash] = [
    parseNumber(value.height),
    parseHex32(value.header_hash),
    parseHex32(value.prev_hash),
  ]
  const below = parseNumber(value.prev_transaction_block_height) ?? 0
  if (number === undefined || hash === undefined || parentHash === undefined) {
    throw garbage('a block record without height, hash or parent')
  }
  const timestamp = value.timestamp === null ? undefined : parseNumber(value.timestamp)
  return { number, hash: sent(hash), parentHash: sent(parentHash), timestamp, transactionsBelow: below }
}

/** Parses a spend of a block. @throws NODE_GARBAGE */
export function parseSpend(value: unknown): CoinSpend {
  if (!isRecord(value)) throw garbage('no spend')
  const [reveal, solution] = [parseBytes(value.puzzle_reveal), parseBytes(value.solution)]
  if (reveal === undefined || solution === undefined) throw garbage('a spend without puzzle or solution')
  return { coin: parseCoin(value.coin), reveal, solution }
}

/** A list in a field of an answer. @throws NODE_BEHIND it is null: the node lacks what it would be of; NODE_GARBAGE */
export function listIn(answer: unknown, field: string): readonly unknown[] {
  const list = isRecord(answer) ? answer[field] : undefined
  if (list === null) throw new ServiceError('NODE_BEHIND', `the node answered null for ${field}`)
  if (!Array.isArray(list)) throw garbage(`no ${field}`)
  return list
}

/** A field of an answer. */
export function fieldIn(answer: unknown, field: string): unknown {
  return isRecord(answer) ? answer[field] : undefined
}

/** A count, height or time. */
export function parseNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}

function parseAmount(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value >= 0n ? value : undefined
  const number = parseNumber(value)
  return number === undefined ? undefined : BigInt(number)
}
