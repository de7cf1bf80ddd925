import { TEXT_ACCOUNTS } from '../../../core/account.ts'
import { decodeAmount } from '../../../journal/amount-codec.ts'
import type { HeldTables } from '../../engine/held-tables.ts'
import { bytes, int, type Row, text } from '../../rows/columns.ts'
import type { LedgerFault } from '../../seam/ledger-store.ts'
import { isSameValue, mergeRows, type Pages } from '../merge-rows.ts'
import { rowsOf } from '../query.ts'
import type { Faults } from './faults.ts'

/** Operations that move units. */
const MOVES = "kind IN ('mint', 'transfer', 'burn')"

/** What each operation adds to a balance or takes from it, in the order of balances. */
const SIDES = rowsOf(`SELECT wallet, asset, amount, added FROM (
    SELECT sender AS wallet, asset, amount, 0 AS added FROM ledger_operations
      WHERE sender IS NOT NULL AND ${MOVES}
    UNION ALL
    SELECT receiver AS wallet, asset, amount, 1 AS added FROM ledger_operations
      WHERE receiver IS NOT NULL AND ${MOVES}
  ) sides ORDER BY wallet, asset`)
/** What each operation adds to a supply or takes from it, in the order of assets. */
const ISSUES = rowsOf(`SELECT asset, amount, CASE WHEN sender IS NULL THEN 1 ELSE 0 END FROM ledger_operations
  WHERE ${MOVES} AND (sender IS NULL OR receiver IS NULL) ORDER BY asset`)
const BALANCES = rowsOf(`SELECT b.account, a.reference, b.amount, b.last_block FROM balances b
  JOIN assets a ON a.id = b.asset ORDER BY b.account, a.reference`)
const SUPPLIES = rowsOf('SELECT reference, supply, first_block FROM assets ORDER BY reference')

/**
 * Balances and supplies that are not the sums of the recorded operations. The sums are made of the operations alone, without the
 * rules of a journal, which wrote the balances. The engine sorts; memory does not grow with the ledger. They are added to `faults`.
 */
export async function wrongSums(held: HeldTables, faults: Faults): Promise<void> {
  await mergeRows(held.pages([BALANCES]), summed(held.pages([SIDES]), 2), {
    width: 2,
    meet: (row, sum) => faults.add(row === undefined ? missing(sum ?? []) : wrongRow(row, sum, BALANCE)),
  })
  await mergeRows(held.pages([SUPPLIES]), summed(held.pages([ISSUES]), 1), {
    width: 1,
    // An asset without a row has no balances either, and those were missed before.
    meet: (row, sum) => faults.add(row && wrongRow(row, sum, SUPPLY)),
  })
}

/** Adds up rows with the same first `width` values: an amount, and whether it is added. */
async function* summed(pages: Pages, width: number): AsyncGenerator<readonly Row[], void> {
  let [key, sum]: [Row, bigint] = [[], 0n]
  for await (const page of pages) {
    const sums: Row[] = []
    for (const row of page) {
      if (key.length === 0 || !key.every((value, at) => isSameValue(value, row[at]))) {
        if (key.length > 0) sums.push([...key, sum])
        ;[key, sum] = [row.slice(0, width), 0n]
      }
      const amount = decodeAmount(bytes(row[width]))
      sum += int(row[width + 1]) === 1 ? amount : -amount
    }
    yield sums
  }
  if (key.length > 0) yield [[...key, sum]]
}

/** How a row with an amount is read: where the amount is, the block that it is of, and the name of the amount. */
type SumRow = {
  readonly amount: number
  readonly block: number
  readonly name: (row: Row) => string
  /** False: the block is only where the row began. */
  readonly isLast: boolean
}

const BALANCE: SumRow = { amount: 2, block: 3, isLast: true, name: balanceName }
const SUPPLY: SumRow = { amount: 1, block: 2, isLast: false, name: supplyName }

/** `sum`: the key and the sum of the operations, if there are any. */
function wrongRow(row: Row, sum: Row | undefined, of: SumRow): LedgerFault | undefined {
  try {
    const stored = decodeAmount(bytes(row[of.amount]))
    const expected = sum?.at(-1)
    if (stored === expected) return undefined
    const says = `${of.name(row)} is stored as ${stored}, but its operations add up to ${expected ?? 'nothing'}`
    return { block: of.isLast ? int(row[of.block]) : undefined, says }
  } catch (error) {
    return unreadable(row[of.block], error)
  }
}

/** The fault of a row whose values are not those that we write. */
export function unreadable(block: unknown, error: unknown): LedgerFault {
  const reason = error instanceof Error ? error.message : String(error)
  return { block: typeof block === 'number' ? block : undefined, says: `a row cannot be read: ${reason}` }
}

function balanceName([wallet, assetId]: Row): string {
  return `the balance of ${JSON.stringify(TEXT_ACCOUNTS.decode(bytes(wallet)))} in ${JSON.stringify(text(assetId))}`
}

function supplyName([assetId]: Row): string {
  return `the supply of ${JSON.stringify(text(assetId))}`
}

function missing([wallet, assetId]: Row): LedgerFault {
  const name = JSON.stringify([TEXT_ACCOUNTS.decode(bytes(wallet)), text(assetId)])
  return { block: undefined, says: `the balance of ${name} is missing` }
}
