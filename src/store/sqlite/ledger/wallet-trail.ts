import { assert } from '../../../core/assert.ts'
import { type Query, rowOf, rowsOf } from '../../queries/query.ts'
import { int, type Row } from '../database.ts'

/** An asset of the wallet, and the next block that changes its balance. */
type Ahead = { readonly asset: number; readonly next: number }

/**
 * Finds the blocks that changed any balance of a ledger wallet, oldest first. It merges the ordered changes of each
 * asset, so no index by wallet has to be written with each operation. The first `limit` blocks after `after` cost one look-up
 * for each asset that the wallet met by then and that changed since, and two for each block of the page. Other assets and
 * blocks cost nothing.
 */
export function* walletBlocks(
  account: Buffer,
  { after, limit }: { readonly after: number; readonly limit: number },
): Query<readonly Row[]> {
  const ahead = (yield [AHEAD, { account, after, limit }]).map(([asset, next]): Ahead => {
    return { asset: int(asset), next: int(next) }
  })
  const blocks: Row[] = []
  for (;;) {
    const [first, second] = ahead
    if (first === undefined || blocks.length === limit) return blocks
    assert(second === undefined || first.next < second.next, 'a ledger block changes one asset')
    // Take this asset's changes up to the next change of another asset.
    const until = second?.next ?? Number.MAX_SAFE_INTEGER
    blocks.push(...(yield [RUN, account, first.asset, first.next, until, limit - blocks.length]))
    ahead.shift()
    const next = second === undefined ? undefined : (yield [NEXT, account, first.asset, until])[0]
    if (next !== undefined) insert(ahead, { asset: first.asset, next: int(next[0]) })
  }
}

/** Inserts in the order of `next`. */
function insert(ahead: Ahead[], one: Ahead): void {
  const offset = ahead.findIndex(({ next }) => next > one.next)
  ahead.splice(offset === -1 ? ahead.length : offset, 0, one)
}

const OWN = "account = @account AND item = x''"
// For an asset first met later, the meeting block is the first change.
const LATER = `SELECT asset, met_block AS next FROM balances WHERE ${OWN} AND met_block > @after
  ORDER BY met_block LIMIT @limit + 0`
const OF_ASSET = "account = ? AND asset = ? AND item = x''"
const FIRST = `SELECT block FROM changes c WHERE c.account = b.account AND c.asset = b.asset AND c.item = x''
  AND c.block > @after ORDER BY c.block LIMIT 1`
const BEFORE = `SELECT asset, (${FIRST}) AS next FROM balances b
  WHERE ${OWN} AND met_block <= @after AND last_block > @after`
// Each of these has a block of its own in the result, so `limit` of them are enough.
const AHEAD = rowsOf(`SELECT * FROM (${LATER}) UNION ALL SELECT * FROM (${BEFORE}) ORDER BY next LIMIT @limit + 0`)
const RUN = rowsOf(
  `SELECT block FROM changes WHERE ${OF_ASSET} AND block >= ? AND block < ? ORDER BY block LIMIT ? + 0`,
)
const NEXT = rowOf(`SELECT block FROM changes WHERE ${OF_ASSET} AND block >= ? ORDER BY block LIMIT 1`)
