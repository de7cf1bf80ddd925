import type { ChainId } from '../../../core/chain.ts'
import type { TableEngine } from '../../engine/table-engine.ts'
import { ParsedReports } from '../../rows/parsed-reports.ts'
import {
  type IndexerReport,
  type IndexerReports,
  REPORT_STALE_MS,
  type ReportOfChain,
} from '../../seam/indexer-reports.ts'
import { type Query, rowOf, rowsOf } from '../query.ts'

const PUT = rowOf(
  `INSERT INTO reports (chain, writer, has_lease, at, report) VALUES (?, ?, ?, ?, ?)
   ON CONFLICT (chain) DO UPDATE SET
     writer = excluded.writer, has_lease = excluded.has_lease, at = excluded.at, report = excluded.report
   WHERE excluded.has_lease = 1 OR reports.has_lease = 0 OR reports.writer = excluded.writer
     OR abs(excluded.at - reports.at) > ?`,
)
const FORGET = rowOf('DELETE FROM reports WHERE chain = ?')
const ALL = rowsOf('SELECT chain, report FROM reports')

/** The last report of each chain, on any engine. */
export class StoredReports implements IndexerReports {
  readonly #engine: TableEngine
  readonly #parsed = new ParsedReports()
  #last: ReadonlyMap<ChainId, IndexerReport> = new Map()
  /** The engine's state of which these are. */
  #seen: number | undefined

  /** Commits of the engine need not be on disk. */
  constructor(engine: TableEngine) {
    this.#engine = engine
  }

  async put({ chain, writer, hasLease, report }: ReportOfChain): Promise<void> {
    await this.#engine.write(function* (): Query<void> {
      yield [PUT, chain, writer, hasLease ? 1 : 0, report.at, JSON.stringify(report), REPORT_STALE_MS]
    })
  }

  /** Deletes the report of a chain. */
  async forget(chain: ChainId): Promise<void> {
    await this.#engine.write(function* (): Query<void> {
      yield [FORGET, chain]
    })
  }

  async all(): Promise<ReadonlyMap<ChainId, IndexerReport>> {
    return this.#engine.read((state) => this.#all(state))
  }

  *#all(state: number | undefined): Query<ReadonlyMap<ChainId, IndexerReport>> {
    if (state !== undefined && state === this.#seen) return this.#last
    const reports = this.#parsed.of(yield [ALL])
    this.#seen = state
    const isSame =
      reports.size === this.#last.size && [...reports].every(([chain, one]) => this.#last.get(chain) === one)
    if (!isSame) this.#last = reports
    return this.#last
  }
}
