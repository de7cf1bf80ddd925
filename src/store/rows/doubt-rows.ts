import { STAGE } from '../../journal/rules/doubts.ts'
import { type Doubts, NO_DOUBTS } from '../seam/doubts.ts'
import { int, nullable, type Row } from './columns.ts'

/** The columns of the table `in_doubt` that `readDoubts` takes, in its order. */
export const DOUBT_COLUMNS = 'pairs, tokens, chain, next_block, stage, unlooked'

/** The doubts of a row of DOUBT_COLUMNS. If the table is empty, all columns are null. */
export function readDoubts(row: Row): Doubts {
  if (row[0] === null) return NO_DOUBTS
  const refetching = row[4] === STAGE.refetch ? nullable(row[3], int) : undefined
  const [chain, unlooked] = [int(row[2]) === 1, int(row[5]) === 1]
  return { pairs: int(row[0]), tokens: int(row[1]), chain, refetching, unlooked }
}

/** True if all blocks were fetched again, and all balances are being compared once more. */
export function isRechecking(row: Row): boolean {
  return row[4] === STAGE.recheck
}
