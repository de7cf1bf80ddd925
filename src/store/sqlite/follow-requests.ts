import type { ChainId } from '../../core/chain.ts'
import type { FollowRequest, FollowRequests } from '../seam/followed.ts'
import { guarded, int, type RowStatement, type SqliteDatabase, type Statement, text } from './database.ts'

type Statements = {
  readonly db: SqliteDatabase
  readonly version: Statement
  readonly insert: Statement
  readonly has: Statement
  readonly count: Statement
  readonly remove: Statement
  readonly list: RowStatement
}

/** Which accounts are to be followed, in the authoritative file. The connection opens at the first use. */
export class SqliteFollowRequests implements FollowRequests {
  readonly #open: () => SqliteDatabase
  #statements: Statements | undefined
  /** The last lists that were read. They hold until another connection writes to the file. */
  readonly #lists = new Map<ChainId, readonly FollowRequest[]>()
  #seen: unknown

  constructor(open: () => SqliteDatabase) {
    this.#open = open
  }

  async add({ chain, accounts, max, at }: Parameters<FollowRequests['add']>[0]): Promise<number> {
    const { db, insert, has, count } = this.#use()
    const run = db.transaction(() => {
      let left = max - int(count.get(chain))
      return accounts.filter((account) => {
        if (has.get(chain, account) !== undefined) return true
        if (left-- <= 0) return false
        insert.run(chain, account, at)
        return true
      }).length
    })
    return guarded(db, () => {
      this.#lists.delete(chain)
      return run.immediate()
    })
  }

  async remove(chain: ChainId, accounts: readonly string[]): Promise<number> {
    const { db, remove } = this.#use()
    const run = db.transaction(() => accounts.reduce((sum, account) => sum + remove.run(chain, account).changes, 0))
    return guarded(db, () => {
      this.#lists.delete(chain)
      return run.immediate()
    })
  }

  async list(chain: ChainId): Promise<readonly FollowRequest[]> {
    const { db, list, version } = this.#use()
    return guarded(db, () => {
      const now = version.get()
      if (now !== this.#seen) this.#lists.clear()
      this.#seen = now
      const known = this.#lists.get(chain)
      if (known !== undefined) return known
      const requests = list.all(chain).map((row) => ({ account: text(row[0]), at: int(row[1]) }))
      this.#lists.set(chain, requests)
      return requests
    })
  }

  #use(): Statements {
    this.#statements ??= prepare(this.#open())
    return this.#statements
  }
}

function prepare(db: SqliteDatabase): Statements {
  return {
    db,
    version: db.prepare('PRAGMA data_version').pluck(),
    insert: db.prepare('INSERT INTO follow_requests (chain, account, requested_at) VALUES (?, ?, ?)'),
    has: db.prepare('SELECT 1 FROM follow_requests WHERE chain = ? AND account = ?').pluck(),
    count: db.prepare('SELECT count(*) FROM follow_requests WHERE chain = ?').pluck(),
    remove: db.prepare('DELETE FROM follow_requests WHERE chain = ? AND account = ?'),
    list: db.prepare('SELECT account, requested_at FROM follow_requests WHERE chain = ? ORDER BY sequence').raw(),
  }
}
