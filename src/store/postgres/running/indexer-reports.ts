import type { ChainId } from '../../../core/chain.ts'
import { ParsedReports } from '../../rows/parsed-reports.ts'
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
  readonly #parsed = new ParsedReports()
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
    const reports = this.#db.read(() => this.#parsed.of(rows))
    const isSame =
      reports.size === this.#last.size && [...reports].every(([chain, one]) => this.#last.get(chain) === one)
    if (!isSame) this.#last = reports
    return this.#last
  }
}

const PUT = `INSERT INTO reports AS r (chain, writer, has_lease, at, report) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (chain) DO UPDATE SET
    writer = excluded.writer, has_lease = excluded.has_lease, at = excluded.at, report = excluded.report
  WHERE excluded.has_lease = 1 OR r.has_lease = 0 OR r.writer = excluded.writer
    OR abs(excluded.at - r.at) > ?::bigint`
