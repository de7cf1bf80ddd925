import type { BalanceKey } from '../../../core/balance.ts'
import type { ChainId } from '../../../core/chain.ts'
import { parseStandard } from '../../../journal/rules/assets.ts'
import { int, text } from '../../rows/columns.ts'
import { type ComparisonRequests, MAX_COMPARISON_REQUESTS } from '../../seam/comparison-requests.ts'
import type { PostgresDatabase } from '../database.ts'

/** Balances that the audit is to compare. */
export class PostgresComparisonRequests implements ComparisonRequests {
  readonly #db: PostgresDatabase

  constructor(db: PostgresDatabase) {
    this.#db = db
  }

  async add(chain: ChainId, { account, asset, item }: BalanceKey): Promise<void> {
    await this.#db.write(async (queries) => {
      // One writer of a chain's requests at a time, so that they are numbered in the order in which they appear.
      await queries.run('SELECT pg_advisory_xact_lock(hashtextextended(?, 0))', `comparisons ${chain}`)
      const counted = await queries.get(
        'SELECT count(*), coalesce(max(sequence), 0) FROM comparisons WHERE chain = ?',
        chain,
      )
      if (int(counted?.[0]) >= MAX_COMPARISON_REQUESTS) return
      const values = [chain, account, asset.standard, asset.reference, item, int(counted?.[1]) + 1]
      await queries.run(ADD, ...values)
    })
  }

  async take(chain: ChainId): Promise<readonly BalanceKey[]> {
    const there = await this.#db.get('SELECT 1 FROM comparisons WHERE chain = ? LIMIT 1', chain)
    if (there === undefined) return []
    const rows = await this.#db.all(TAKE, chain)
    return this.#db.read(() => {
      const inOrder = [...rows].sort((a, b) => int(a[0]) - int(b[0]))
      return inOrder.map((row) => ({
        account: text(row[1]),
        asset: { standard: parseStandard(row[2]), reference: text(row[3]) },
        item: text(row[4]),
      }))
    })
  }
}

const ADD = `INSERT INTO comparisons (chain, account, standard, reference, item, sequence) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (chain, account, standard, reference, item) DO NOTHING`
const TAKE = `DELETE FROM comparisons WHERE chain = ? RETURNING sequence, account, standard, reference, item`
