import { encodeAmount } from '../../../journal/amount-codec.ts'
import { amountOf, type Position } from '../../../journal/position.ts'

/** The columns of `balances` after the key, but the amount, in their order. */
export const POSITION_COLUMNS =
  'sum, opening, met_block, met_log, met_sub, received_block, last_block, closed_block, fungible'

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
