import type { ChainId } from '../../../core/chain.ts'
import { int, text } from '../../rows/columns.ts'
import type { FollowRequest, FollowRequests } from '../../seam/followed.ts'
import type { PostgresDatabase } from '../database.ts'
import { lockNumbers, nextNumber } from '../row-numbers.ts'

/** Which accounts are to be followed. Not durable: a crash of the server may lose the last requests. */
export class PostgresFollowRequests implements FollowRequests {
  readonly #db: PostgresDatabase

  constructor(db: PostgresDatabase) {
    this.#db = db
  }

  add({ chain, accounts, max, at }: Parameters<FollowRequests['add']>[0]): Promise<number> {
    return this.#db.write(
      async (queries) => {
        await lockNumbers(queries, 'follow_requests')
        const has = 'SELECT account FROM follow_requests WHERE chain = ? AND account = ANY(?)'
        const known = new Set((await queries.all(has, chain, accounts)).map((row) => text(row[0])))
        const left = max - int((await queries.get('SELECT count(*) FROM follow_requests WHERE chain = ?', chain))?.[0])
        const missing = [...new Set(accounts)].filter((account) => !known.has(account)).slice(0, Math.max(0, left))
        const sequence = await nextNumber(queries, 'follow_requests')
        await queries.run(INSERT, sequence - 1, chain, at, missing)
        const requested = new Set([...known, ...missing])
        return accounts.filter((account) => requested.has(account)).length
      },
      { durable: false },
    )
  }

  remove(chain: ChainId, accounts: readonly string[]): Promise<number> {
    const remove = 'DELETE FROM follow_requests WHERE chain = ? AND account = ANY(?)'
    return this.#db.write((queries) => queries.run(remove, chain, accounts), { durable: false })
  }

  async list(chain: ChainId): Promise<readonly FollowRequest[]> {
    const list = 'SELECT account, requested_at FROM follow_requests WHERE chain = ? ORDER BY sequence'
    const rows = await this.#db.all(list, chain)
    return this.#db.read(() => rows.map((row) => ({ account: text(row[0]), at: int(row[1]) })))
  }
}

const INSERT = `INSERT INTO follow_requests (sequence, chain, account, requested_at)
  SELECT ?::bigint + n, ?, account, ?::bigint FROM unnest(?::text[]) WITH ORDINALITY AS added (account, n)`
