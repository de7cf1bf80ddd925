import { type ChainId, parseChainId } from '../../core/chain.ts'
import { mustBeOurs } from '../../journal/damaged-value.ts'
import { parseReport } from '../report-json.ts'
import type { IndexerReport } from '../seam/indexer-reports.ts'
import { type Row, text } from './columns.ts'

/** Parses the stored reports of chains, and remembers each by its text: most do not change between two reads. */
export class ParsedReports {
  readonly #parsed = new Map<ChainId, { readonly json: string; readonly report: IndexerReport }>()

  /** The reports of rows with a chain and its report. @throws DamagedValue a value is not one that we write */
  of(rows: readonly Row[]): Map<ChainId, IndexerReport> {
    return new Map(rows.map((row) => this.#reportOf(text(row[0]), text(row[1]))))
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
