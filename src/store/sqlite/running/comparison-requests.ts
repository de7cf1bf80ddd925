import type { BalanceKey } from '../../../core/balance.ts'
import type { ChainId } from '../../../core/chain.ts'
import { parseStandard } from '../../../journal/rules/assets.ts'
import { type ComparisonRequests, MAX_COMPARISON_REQUESTS } from '../../seam/comparison-requests.ts'
import { int, type RowStatement, type Statement, text } from '../database.ts'
import { RunningFile, type RunningFileOptions } from './running-file.ts'

type Statements = {
  readonly add: Statement
  readonly count: Statement
  readonly list: RowStatement
  readonly forget: Statement
}

/** Balances that the audit is to compare, in the file of running processes. */
export class SqliteComparisonRequests implements ComparisonRequests {
  readonly #file: RunningFile<Statements>

  constructor(options: RunningFileOptions) {
    this.#file = new RunningFile(options, (db) => ({
      add: db.prepare(
        'INSERT OR IGNORE INTO comparisons (chain, account, standard, reference, item) VALUES (?, ?, ?, ?, ?)',
      ),
      count: db.prepare('SELECT count(*) FROM comparisons WHERE chain = ?').pluck(),
      list: db
        .prepare('SELECT account, standard, reference, item FROM comparisons WHERE chain = ? ORDER BY sequence')
        .raw(),
      forget: db.prepare('DELETE FROM comparisons WHERE chain = ?'),
    }))
  }

  async add(chain: ChainId, { account, asset, item }: BalanceKey): Promise<void> {
    this.#file.write(({ add, count }) => {
      if (int(count.get(chain)) >= MAX_COMPARISON_REQUESTS) return
      add.run(chain, account, asset.standard, asset.reference, item)
    })
  }

  async take(chain: ChainId): Promise<readonly BalanceKey[]> {
    if (this.#file.read(({ count }) => int(count.get(chain))) === 0) return []
    return this.#file.write(({ list, forget }) => {
      const keys = list.all(chain).map((row) => ({
        account: text(row[0]),
        asset: { standard: parseStandard(row[1]), reference: text(row[2]) },
        item: text(row[3]),
      }))
      forget.run(chain)
      return keys
    })
  }
}
