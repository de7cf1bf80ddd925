import { rowsOf } from '../../queries/query.ts'

const OWN = "account = @account AND item = x''"
// For an asset first met later, the meeting block is the first change.
const LATER = `SELECT asset, met_block AS next FROM balances WHERE ${OWN} AND met_block > @after
  ORDER BY met_block LIMIT @limit + 0`
const FIRST = nextOf('b', '@after')
const BEFORE = `SELECT asset, (${FIRST}) AS next FROM balances b
  WHERE ${OWN} AND met_block <= @after AND last_block > @after`
/** The next change of each asset. Each of them has a block of its own in the result, so `limit` of them are enough. */
const AHEAD = `SELECT * FROM (${LATER}) UNION ALL SELECT * FROM (${BEFORE}) ORDER BY next LIMIT @limit + 0`
const NEXT = nextOf('m', 'm.block')

/**
 * Finds the blocks that changed any balance of a ledger wallet, oldest first. It merges the ordered changes of each
 * asset (a recursive query with an order is a priority queue), so no index by wallet has to be written with each operation. The first
 * `limit` blocks after `after` cost one look-up for each asset that the wallet met by then and that changed since, and two for
 * each block of the page. Other assets and blocks cost nothing.
 */
export const WALLET_BLOCKS = rowsOf(`WITH RECURSIVE merged (asset, block) AS (
    SELECT asset, next FROM (${AHEAD})
    UNION ALL
    SELECT m.asset, (${NEXT}) FROM merged m WHERE (${NEXT}) IS NOT NULL
    ORDER BY 2 LIMIT @limit + 0
  ) SELECT block FROM merged`)

/** The next change of the asset of `row` after a block. */
function nextOf(row: string, after: string): string {
  return `SELECT c.block FROM changes c WHERE c.account = @account AND c.asset = ${row}.asset AND c.item = x''
    AND c.block > ${after} ORDER BY c.block LIMIT 1`
}
