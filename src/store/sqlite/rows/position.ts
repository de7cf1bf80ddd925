import { decodeAmount, encodeAmount } from '../../../journal/amount-codec.ts'
import { amountOf, type Position } from '../../../journal/position.ts'
import { bytes, int, nullable, type Row } from '../database.ts'

/** The columns that `readPosition` takes, in its order. */
export const POSITION_COLUMNS =
  'sum, opening, met_block, met_log, met_sub, received_block, last_block, closed_block, fungible'

/** The position of a row of `balances` with POSITION_COLUMNS. */
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

/** Encodes an amount; null if it is unknown. */
export function encodeNullable(amount: bigint | undefined): Buffer | null {
  return amount === undefined ? null : encodeAmount(amount)
}
