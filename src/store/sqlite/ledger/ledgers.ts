import { type AccountCodec, TEXT_ACCOUNTS } from '../../../core/account.ts'
import type { Header } from '../../../core/block.ts'
import type { ChainId } from '../../../core/chain.ts'
import type { OnDamage } from '../../seam/damage.ts'
import type { AcceptedClock, LedgerAudit, LedgerJournal, LedgerReads } from '../../seam/ledger-store.ts'
import type { ChainReads, LedgerStore } from '../../seam/store.ts'
import { guardedFile, type OpenOptions, openDatabase, type SqliteDatabase } from '../database.ts'
import { Snapshot } from '../read/snapshot.ts'
import { keepReserve, noRoom } from '../reserve.ts'
import { writeAcceptedClock } from './accepted-clock.ts'
import { SqliteLedgerAudit } from './ledger-audit.ts'
import { type LedgerStep, SqliteLedgerJournal } from './ledger-journal.ts'
import { SqliteLedgerReads } from './ledger-reads.ts'
import { LEDGER_TABLES } from './ledger-schema.ts'

const TABLES: Tables = LEDGER_TABLES

type Tables = Pick<OpenOptions, 'migrations' | 'parts' | 'durable'>

/** The facts of a chain as its read side takes them. */
export type ChainFacts = { readonly db: SqliteDatabase; readonly codec: AccountCodec; readonly snapshot: Snapshot }

/** Opens the ledger of a folder. */
export class SqliteLedgers implements LedgerStore {
  readonly #parts: LedgerParts

  constructor(parts: LedgerParts) {
    this.#parts = parts
  }

  async openJournal(chain: ChainId, genesis: Header): Promise<LedgerJournal> {
    const { fileIn, folder, onStep } = this.#parts
    const db = openDatabase({ file: fileIn(folder), ...TABLES, cache: 'ledger' })
    try {
      // Without a reserve the last room on the disk is for reading: the next start needs it.
      if (!keepReserve(folder)) throw noRoom(folder)
      return guardedFile(db.name, () => new SqliteLedgerJournal({ db, folder, chain, genesis, onStep }))
    } catch (error) {
      db.close()
      throw error
    }
  }

  async openReads(
    chain: ChainId,
    tell: OnDamage = () => undefined,
  ): Promise<{ ledger: LedgerReads; chain: ChainReads }> {
    const db = this.#parts.open(TABLES, tell)
    return guardedFile(db.name, () => {
      const snapshot = new Snapshot(db, { own: true, zeroAddress: TEXT_ACCOUNTS.zeroAddress })
      const reads = this.#parts.readsOf(chain, { db, codec: TEXT_ACCOUNTS, snapshot }, tell)
      return { ledger: new SqliteLedgerReads(db, snapshot), chain: reads }
    })
  }

  async acceptClock(chain: ChainId, accepted: AcceptedClock): Promise<void> {
    const { folder } = this.#parts
    guardedFile(folder, () => writeAcceptedClock(folder, chain, accepted))
  }

  async openAudit(chain: ChainId, replica: string): Promise<LedgerAudit> {
    const { fileIn, folder } = this.#parts
    const db = openDatabase({ file: fileIn(folder), ...TABLES, cache: 'small' })
    try {
      return guardedFile(db.name, () => new SqliteLedgerAudit(db, { chain, replica: fileIn(replica) }))
    } catch (error) {
      db.close()
      throw error
    }
  }
}

/** What ledgers need of their store. */
export type LedgerParts = {
  /** The authoritative file in a store's folder. */
  readonly fileIn: (folder: string) => string
  readonly folder: string
  /** For tests that end the process at a named step of a commit. */
  readonly onStep: ((step: LedgerStep) => void) | undefined
  /** Opens the authoritative file for reading, until the store closes. */
  readonly open: (tables: Tables, tell: OnDamage) => SqliteDatabase
  readonly readsOf: (chain: ChainId, facts: ChainFacts, tell: OnDamage) => ChainReads
}
