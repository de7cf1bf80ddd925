import type { Header } from '../../../core/block.ts'
import type { ChainId } from '../../../core/chain.ts'
import type { AcceptedClock, LedgerJournal, LedgerReads, LedgerRecords } from '../../seam/ledger-store.ts'
import type { PostgresDatabase } from '../database.ts'
import { acceptClock, PostgresLedgerJournal } from './ledger-journal.ts'
import { PostgresLedgerReads } from './ledger-reads.ts'

/** The ledger of a schema. */
export class PostgresLedgers implements LedgerRecords {
  readonly #db: PostgresDatabase

  constructor(db: PostgresDatabase) {
    this.#db = db
  }

  openJournal(chain: ChainId, genesis: Header): Promise<LedgerJournal> {
    return PostgresLedgerJournal.open(this.#db, chain, genesis)
  }

  async openRecord(): Promise<LedgerReads> {
    return new PostgresLedgerReads(this.#db)
  }

  acceptClock(_: ChainId, accepted: AcceptedClock): Promise<void> {
    return acceptClock(this.#db, accepted)
  }
}
