import { assert } from '../../../core/assert.ts'
import { int, type SqliteDatabase, type Statement } from '../database.ts'

/** An asset of the wallet, and the next block that changes its balance. */
type Ahead = { readonly asset: number; readonly next: number }

/**
 * Finds the blocks that changed any balance of a ledger wallet, oldest first. It merges the ordered changes of each
 * asset, so no index by wallet has to be written with each operation.
 */
export class WalletTrail {
  readonly #s: ReturnType<typeof prepare>

  constructor(db: SqliteDatabase) {
    this.#s = prepare(db)
  }

  /**
   * The first `limit` blocks after `after`. Costs one look-up for each asset that the wallet met by then and that
   * changed since, and two for each block of the page. Other assets and blocks cost nothing.
   */
  blocks(account: Buffer, { after, limit }: { readonly after: number; readonly limit: number }): readonly number[] {
    const ahead = this.#s.ahead.all({ account, after, limit }).map((row): Ahead => {
      const [asset, next] = row
      return { asset: int(asset), next: int(next) }
    })
    const blocks: number[] = []
    for (;;) {
      const [first, second] = ahead
      if (first === undefined || blocks.length === limit) return blocks
      assert(second === undefined || first.next < second.next, 'a ledger block changes one asset')
      // Take this asset's changes up to the next change of another asset.
      const until = second?.next ?? Number.MAX_SAFE_INTEGER
      const run = this.#s.run.all(account, first.asset, first.next, until, limit - blocks.length)
      for (const block of run) blocks.push(int(block))
      ahead.shift()
      const next = second === undefined ? undefined : this.#s.next.get(account, first.asset, until)
      if (next !== undefined) insert(ahead, { asset: first.asset, next: int(next) })
    }
  }
}

/** Inserts in the order of `next`. */
function insert(ahead: Ahead[], one: Ahead): void {
  const offset = ahead.findIndex(({ next }) => next > one.next)
  ahead.splice(offset === -1 ? ahead.length : offset, 0, one)
}

function prepare(db: SqliteDatabase) {
  const sql = (statement: string): Statement => db.prepare(statement)
  const own = "account = :account AND item = x''"
  // For an asset first met later, the meeting block is the first change.
  const later = `SELECT asset, met_block AS next FROM balances WHERE ${own} AND met_block > :after
    ORDER BY met_block LIMIT :limit + 0`
  const ofAsset = "account = ? AND asset = ? AND item = x''"
  const next = `SELECT block FROM changes c WHERE c.account = b.account AND c.asset = b.asset AND c.item = x''
    AND c.block > :after ORDER BY c.block LIMIT 1`
  const before = `SELECT asset, (${next}) AS next FROM balances b
    WHERE ${own} AND met_block <= :after AND last_block > :after`
  return {
    // Each of these has a block of its own in the result, so `limit` of them are enough.
    ahead: sql(`SELECT * FROM (${later}) UNION ALL SELECT * FROM (${before}) ORDER BY next LIMIT :limit + 0`).raw(),
    run: sql(
      `SELECT block FROM changes WHERE ${ofAsset} AND block >= ? AND block < ? ORDER BY block LIMIT ? + 0`,
    ).pluck(),
    next: sql(`SELECT block FROM changes WHERE ${ofAsset} AND block >= ? ORDER BY block LIMIT 1`).pluck(),
  }
}
