import type { ChainId } from '../core/chain.ts'
import type { Coverage } from '../core/coverage.ts'
import type { StoreEngine } from './engine/store-engine.ts'
import type { OnWriterStep } from './engine/writer-engine.ts'
import type { LedgerStep } from './queries/ledger/ledger-steps.ts'
import { StoredLedgers } from './queries/ledger/stored-ledgers.ts'
import { StoredReads } from './queries/reads.ts'
import { createRecords, type StoredRecords } from './queries/records/create-records.ts'
import { StoredJournal } from './queries/stored-journal.ts'
import { allRows } from './queries/table-rows.ts'
import type { Row } from './rows/columns.ts'
import { dumpRows, type TableRows } from './rows/dump-rows.ts'
import { isRecord } from './rows/table-lists.ts'
import type { OnDamage } from './seam/damage.ts'
import type { ChainReads, Journal, LedgerStore, Store } from './seam/store.ts'

/** Told of the steps of writes, for tests that end the process at one of them. */
export type OnSteps = {
  readonly onStep?: OnWriterStep | undefined
  readonly onLedgerStep?: ((step: LedgerStep) => void) | undefined
}

/** The store on an engine. */
export class EngineStore implements Store {
  readonly keys: StoredRecords['keys']
  readonly users: StoredRecords['users']
  readonly sessions: StoredRecords['sessions']
  readonly prices: StoredRecords['prices']
  readonly followRequests: StoredRecords['followRequests']
  readonly custody: StoredRecords['custody']
  readonly reports: StoredRecords['reports']
  readonly comparisons: StoredRecords['comparisons']
  readonly callCounts: StoredRecords['callCounts']
  readonly ledgers: LedgerStore
  readonly #engine: StoreEngine
  readonly #onStep: OnWriterStep | undefined

  constructor(engine: StoreEngine, { onStep, onLedgerStep }: OnSteps = {}) {
    this.#engine = engine
    this.#onStep = onStep
    const records = createRecords(engine.records)
    this.keys = records.keys
    this.users = records.users
    this.sessions = records.sessions
    this.prices = records.prices
    this.followRequests = records.followRequests
    this.custody = records.custody
    this.reports = records.reports
    this.comparisons = records.comparisons
    this.callCounts = records.callCounts
    this.ledgers = new StoredLedgers(engine, onLedgerStep)
  }

  async openJournal(chain: ChainId, coverage: Coverage, tell?: OnDamage): Promise<Journal> {
    return new StoredJournal(await this.#engine.openWriter({ chain, coverage, isLedger: false }, tell), this.#onStep)
  }

  async openReads(chain: ChainId, tell?: OnDamage): Promise<ChainReads> {
    return new StoredReads(await this.#engine.openReads({ chain, isLedger: false }, tell))
  }

  holds(chain: ChainId): Promise<boolean> {
    return this.#engine.holds(chain)
  }

  async forget(chain: ChainId): Promise<void> {
    // A chain that is not there was not reported either.
    const isThere = await this.#engine.holds(chain)
    const mayBeTold = await this.#engine.forget(chain)
    if (isThere && mayBeTold) await this.reports.forget(chain)
  }

  async dump(): Promise<readonly string[]> {
    const held = await this.#engine.snapshot()
    try {
      const tables: TableRows[] = []
      for (const table of held.tables.filter(isRecord)) {
        const rows: Row[] = []
        for await (const page of held.pages(allRows(table))) rows.push(...page)
        tables.push({ table: table.name, columns: table.columns, rows })
      }
      return dumpRows(tables)
    } finally {
      await held.close()
    }
  }

  close(): Promise<void> {
    return this.#engine.close()
  }
}
