import { isAmount } from '../../../core/amount.ts'
import { bytes, int, nullable, type Row } from '../database.ts'
import { decodeAmount, encodeAmount } from './amount-codec.ts'

/**
 * A row of `balances` in memory. `opening` undefined: unknown. `closedBlock`: the block at whose end the sum left the
 * range.
 */
export type Position = {
  sum: bigint
  opening: bigint | undefined
  metBlock: number
  metLog: number
  metSub: number
  receivedBlock: number | undefined
  lastBlock: number
  closedBlock: number | undefined
  fungible: boolean
}

/** The columns that `readPosition` takes, in its order. */
export const POSITION_COLUMNS =
  'sum, opening, met_block, met_log, met_sub, received_block, last_block, closed_block, fungible'

/** The position of a row with POSITION_COLUMNS. */
export function readPosition(row: Row): Position {
  return {
    sum: decodeAmount(bytes(row[0])),
    opening: nullable(row[1], (value) => decodeAmount(bytes(value))),
    metBlock: int(row[2]),
    metLog: int(row[3]),
    metSub: int(row[4]),
    receivedBlock: nullable(row[5], int),
    lastBlock: int(row[6]),
    closedBlock: nullable(row[7], int),
    fungible: row[8] === 1,
  }
}

/** The values of a row's columns after its key, in the order of the table: POSITION_COLUMNS and the amount. */
export function positionValues(position: Position): readonly (Buffer | number | null)[] {
  return [
    encodeAmount(position.sum),
    encodeNullable(position.opening),
    position.metBlock,
    position.metLog,
    position.metSub,
    position.receivedBlock ?? null,
    position.lastBlock,
    position.closedBlock ?? null,
    position.fungible ? 1 : 0,
    encodeNullable(amountOf(position)),
  ]
}

/** opening + sum; undefined if the opening is unknown or the segment is closed. */
export function amountOf(position: Pick<Position, 'sum' | 'opening' | 'closedBlock'>): bigint | undefined {
  if (position.opening === undefined || position.closedBlock !== undefined) return undefined
  return position.opening === 0n ? position.sum : position.opening + position.sum
}

/**
 * True if opening + sum is out of range: the events contradict themselves. At the end of a block this closes the
 * segment. It never rejects the batch.
 */
export function leavesRange(position: Pick<Position, 'sum' | 'opening'>): boolean {
  return position.opening !== undefined && !isAmount(position.opening + position.sum)
}

/** Encodes an amount; null if it is unknown. */
export function encodeNullable(amount: bigint | undefined): Buffer | null {
  return amount === undefined ? null : encodeAmount(amount)
}

/** True for a known amount above zero. Such an account is a holder. */
export function isPositive(amount: bigint | undefined): boolean {
  return amount !== undefined && amount > 0n
}

/** The log index of a first contact without a log, such as an adopted read: after all logs of its block. */
export const REST_OF_BLOCK = 2 ** 31 - 1
