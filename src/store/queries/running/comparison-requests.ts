import type { BalanceKey } from '../../../core/balance.ts'
import type { ChainId } from '../../../core/chain.ts'
import { parseStandard } from '../../../journal/rules/assets.ts'
import type { TableEngine } from '../../engine/table-engine.ts'
import { int, nullable, text } from '../../rows/columns.ts'
import { type ComparisonRequests, MAX_COMPARISON_REQUESTS } from '../../seam/comparison-requests.ts'
import { type Query, rowOf, rowsOf, TURN } from '../query.ts'

const COUNT = rowOf('SELECT count(*), max(sequence) FROM comparisons WHERE chain = ?')
const ADD = rowOf(
  `INSERT INTO comparisons (sequence, chain, account, standard, reference, item) VALUES (?, ?, ?, ?, ?, ?)
   ON CONFLICT (chain, account, standard, reference, item) DO NOTHING`,
)
const ANY = rowOf('SELECT 1 FROM comparisons WHERE chain = ? LIMIT 1')
const TAKE = rowsOf('DELETE FROM comparisons WHERE chain = ? RETURNING sequence, account, standard, reference, item')

/** Balances that the audit is to compare, on any engine. */
export class StoredComparisonRequests implements ComparisonRequests {
  readonly #engine: TableEngine

  constructor(engine: TableEngine) {
    this.#engine = engine
  }

  async add(chain: ChainId, { account, asset, item }: BalanceKey): Promise<void> {
    await this.#engine.write(function* (): Query<void> {
      // One writer of a chain's requests at a time, so that they are numbered in the order in which they appear.
      yield [TURN, `comparisons ${chain}`]
      const [counted] = yield [COUNT, chain]
      if (int(counted?.[0]) >= MAX_COMPARISON_REQUESTS) return
      const sequence = (nullable(counted?.[1], int) ?? 0) + 1
      yield [ADD, sequence, chain, account, asset.standard, asset.reference, item]
    })
  }

  async take(chain: ChainId): Promise<readonly BalanceKey[]> {
    const isEmpty = await this.#engine.read(function* (): Query<boolean> {
      return (yield [ANY, chain]).length === 0
    })
    if (isEmpty) return []
    return this.#engine.write(function* (): Query<readonly BalanceKey[]> {
      yield [TURN, `comparisons ${chain}`]
      const inOrder = [...(yield [TAKE, chain])].sort((a, b) => int(a[0]) - int(b[0]))
      return inOrder.map((row) => ({
        account: text(row[1]),
        asset: { standard: parseStandard(row[2]), reference: text(row[3]) },
        item: text(row[4]),
      }))
    })
  }
}
