import type { ChainId } from '../../../core/chain.ts'
import { ParsedReports } from '../../rows/parsed-reports.ts'
import {
  type IndexerReport,
  type IndexerReports,
  REPORT_STALE_MS,
  type ReportOfChain,
} from '../../seam/indexer-reports.ts'
import type { RowStatement, SqliteDatabase, Statement } from '../database.ts'
import { RunningFile, type RunningFileOptions } from './running-file.ts'

type Statements = {
  readonly put: Statement
  readonly forget: Statement
  readonly all: RowStatement
  readonly version: Statement
}

/** The last report of each chain, in the file of running processes. */
export class SqliteIndexerReports implements IndexerReports {
  readonly #file: RunningFile<Statements>
  /** The reports as they were read, until this or another connection writes. */
  #seen: { readonly version: unknown; readonly reports: ReadonlyMap<ChainId, IndexerReport> } | undefined
  readonly #parsed = new ParsedReports()

  constructor(options: RunningFileOptions) {
    this.#file = new RunningFile(options, (db) => this.#prepare(db))
  }

  async put({ chain, writer, hasLease, report }: ReportOfChain): Promise<void> {
    this.#seen = undefined
    this.#file.write(({ put }) => {
      const { at } = report
      put.run({ chain, writer, hasLease: hasLease ? 1 : 0, at, stale: REPORT_STALE_MS, report: JSON.stringify(report) })
    })
  }

  /** Deletes the report of a chain. */
  forget(chain: ChainId): void {
    this.#seen = undefined
    this.#file.write(({ forget }) => forget.run(chain))
  }

  async all(): Promise<ReadonlyMap<ChainId, IndexerReport>> {
    return this.#file.read(({ all, version }) => {
      const now = version.get()
      if (this.#seen !== undefined && this.#seen.version === now) return this.#seen.reports
      const reports = this.#parsed.of(all.all())
      this.#seen = { version: now, reports }
      return reports
    })
  }

  #prepare(db: SqliteDatabase): Statements {
    this.#seen = undefined
    return {
      put: db.prepare(
        `INSERT INTO reports (chain, writer, has_lease, at, report) VALUES (@chain, @writer, @hasLease, @at, @report)
         ON CONFLICT DO UPDATE SET writer = excluded.writer, has_lease = excluded.has_lease, at = excluded.at,
           report = excluded.report
         WHERE excluded.has_lease = 1 OR reports.has_lease = 0 OR reports.writer = excluded.writer
           OR abs(excluded.at - reports.at) > @stale`,
      ),
      forget: db.prepare('DELETE FROM reports WHERE chain = ?'),
      all: db.prepare('SELECT chain, report FROM reports').raw(),
      version: db.prepare('PRAGMA data_version').pluck(),
    }
  }
}
