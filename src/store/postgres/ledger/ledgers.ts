import { TEXT_ACCOUNTS } from '../../../core/account.ts'
import type { ChainId } from '../../../core/chain.ts'
import type { LedgerEngine, LedgerReadEngine, OpenLedger } from '../../engine/ledger-engine.ts'
import type { WriterEngine } from '../../engine/writer-engine.ts'
import { StoredLedgerAudit } from '../../queries/ledger/ledger-audit.ts'
import { openLedgerReads } from '../chain/open-reads.ts'
import { PostgresDatabase } from '../database.ts'
import { PostgresRecordSnapshot } from '../record-snapshot.ts'
import { PostgresTableEngine } from '../table-engine.ts'
import { PostgresLedgerWriter } from './ledger-writer.ts'
import { readModel, type SchemaObjects, schemaFaults } from './schema-faults.ts'
import { walletBlocks } from './wallet-blocks.ts'

/** Most differences of tables that are reported. */
const MAX_FAULTS = 10

/** The ledger of a schema. */
export class PostgresLedgers implements LedgerEngine {
  readonly #db: PostgresDatabase
  /** What the schema of this version holds, once it was asked for. */
  #model: SchemaObjects | undefined

  constructor(db: PostgresDatabase) {
    this.#db = db
  }

  openWriter(chain: ChainId): Promise<WriterEngine> {
    return PostgresLedgerWriter.open(this.#db, chain)
  }

  async openReads(chain: ChainId): Promise<OpenLedger> {
    const reads = await openLedgerReads(this.#db, { chain, codec: TEXT_ACCOUNTS, fixed: new Map() })
    const tables = new PostgresTableEngine(this.#db, { durable: true })
    // Every read sees what is committed when it begins.
    const ledger: LedgerReadEngine = {
      read: (work) => tables.read(work),
      renew: () => undefined,
      blocksOf: walletBlocks,
    }
    return { ledger, chain: reads }
  }

  async openAudit(chain: ChainId): Promise<StoredLedgerAudit> {
    const db = PostgresDatabase.unhurried(this.#db.target)
    try {
      this.#model ??= await readModel(db)
      const faults = await schemaFaults(db, this.#model, MAX_FAULTS)
      const snapshot = await PostgresRecordSnapshot.open(db)
      return await StoredLedgerAudit.open({ snapshot, schemaFaults: faults, damage: () => [] }, chain)
    } catch (error) {
      await db.close()
      throw error
    }
  }
}
