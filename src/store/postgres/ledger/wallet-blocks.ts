import { type Query, rowsOf } from '../../queries/query.ts'
import type { Row } from '../../rows/columns.ts'

/** The next changes of each asset are read in the order of the key. */
const BLOCKS = rowsOf(`SELECT n.block FROM balances h, LATERAL (
    SELECT c.block FROM changes c WHERE c.account = h.account AND c.asset = h.asset AND c.item = x''
      AND c.block > @after ORDER BY c.block LIMIT @limit
  ) n WHERE h.account = @account AND h.item = x'' AND h.last_block > @after ORDER BY n.block LIMIT @limit`)

/** Finds the blocks that changed any balance of a ledger wallet, oldest first: the first `limit` after `after`. */
export function* walletBlocks(
  account: Buffer,
  { after, limit }: { readonly after: number; readonly limit: number },
): Query<readonly Row[]> {
  return yield [BLOCKS, { account, after, limit }]
}
