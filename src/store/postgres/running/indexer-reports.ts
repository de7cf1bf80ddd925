import { type ChainId, parseChainId } from '../../../core/chain.ts'
import { mustBeOurs } from '../../../journal/damaged-value.ts'
import { parseReport } from '../../report-json.ts'
import { text } from '../../rows/columns.ts'
import {
  type IndexerReport,
  type IndexerReports,
  REPORT_STALE_MS,
  type ReportOfChain,
} from '../../seam/indexer-reports.ts'
import type { PostgresDatabase } from '../database.ts'

/** The last report of each chain. */
export class PostgresIndexerReports implements IndexerReports {
  readonly #db: PostgresDatabase
  /** The parsed reports by their text: most of them do not change between two reads. */
  readonly #parsed = new Map<ChainId, { readonly json: string; readonly report: IndexerReport }>()
  #last: ReadonlyMap<ChainId, IndexerReport> = new Map()

  constructor(db: PostgresDatabase) {
    this.#db = db
  }

  async put({ chain, writer, hasLease, report }: ReportOfChain): Promise<void> {
    const values = [chain, writer, hasLease ? 1 : 0, report.at, JSON.stringify(report), REPORT_STALE_MS]
    await this.#db.write((queries) => queries.run(PUT, ...values), { durable: false })
  }

  /** Deletes the report of a chain. */
  async forget(chain: ChainId): Promise<void> {
    await this.#db.run('DELETE FROM reports WHERE chain = ?', chain)
  }

  async all(): Promise<ReadonlyMap<ChainId, IndexerReport>> {
    const rows = await this.#db.all('SELECT chain, report FROM reports')
    const reports = this.#db.read(() => new Map(rows.map((row) => this.#reportOf(text(row[0]), text(row[1])))))
    const isSame =
      reports.size === this.#last.size && [...reports].every(([chain, one]) => this.#last.get(chain) === one)
    if (!isSame) this.#last = reports
    return this.#last
  }

  #reportOf(name: string, json: string): [ChainId, IndexerReport] {
    const chain = parseChainId(name)
    mustBeOurs(chain !== undefined, 'a stored chain has an id')
    const known = this.#parsed.get(chain)
    const report = known?.json === json ? known.report : parseReport(json)
    this.#parsed.set(chain, { json, report })
    return [chain, report]
  }
}

const PUT = `INSERT INTO reports AS r (chain, writer, has_lease, at, report) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (chain) DO UPDATE SET
    writer = excluded.writer, has_lease = excluded.has_lease, at = excluded.at, report = excluded.report
  WHERE excluded.has_lease = 1 OR r.has_lease = 0 OR r.writer = excluded.writer
    OR abs(excluded.at - r.at) > ?::bigint`
