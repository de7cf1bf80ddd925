import { rowsOf } from '../../queries/query.ts'

/** Finds the blocks that changed any balance of a ledger wallet, oldest first. The next changes of each asset are read in the order of the key. */
export const WALLET_BLOCKS = rowsOf(`SELECT n.block FROM balances h, LATERAL (
    SELECT c.block FROM changes c WHERE c.account = h.account AND c.asset = h.asset AND c.item = x''
      AND c.block > @after ORDER BY c.block LIMIT @limit
  ) n WHERE h.account = @account AND h.item = x'' AND h.last_block > @after ORDER BY n.block LIMIT @limit`)
