import { TEXT_ACCOUNTS } from '../../../core/account.ts'
import type { Header } from '../../../core/block.ts'
import type { ChainId } from '../../../core/chain.ts'
import { ServiceError } from '../../../core/errors.ts'
import type { AcceptedClock, LedgerAudit, LedgerJournal, LedgerReads } from '../../seam/ledger-store.ts'
import type { ChainReads, LedgerStore } from '../../seam/store.ts'
import { openLedgerReads } from '../chain/open-reads.ts'
import type { PostgresDatabase } from '../database.ts'
import { acceptClock, PostgresLedgerJournal } from './ledger-journal.ts'
import { PostgresLedgerReads } from './ledger-reads.ts'

/** The ledger of a schema. */
export class PostgresLedgers implements LedgerStore {
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

  async openReads(chain: ChainId): Promise<{ readonly ledger: LedgerReads; readonly chain: ChainReads }> {
    const reads = await openLedgerReads(this.#db, { chain, codec: TEXT_ACCOUNTS, fixed: new Map() })
    return { ledger: new PostgresLedgerReads(this.#db), chain: reads }
  }

  async openAudit(chain: ChainId): Promise<LedgerAudit> {
    const message = `the rows of ${chain} can be compared with its operations only in a store of sqlite: so far`
    throw new ServiceError('UNAVAILABLE', message, { fields: { chain } })
  }

  acceptClock(_: ChainId, accepted: AcceptedClock): Promise<void> {
    return acceptClock(this.#db, accepted)
  }
}
