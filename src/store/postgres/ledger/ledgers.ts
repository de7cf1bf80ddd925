import { TEXT_ACCOUNTS } from '../../../core/account.ts'
import type { ChainId } from '../../../core/chain.ts'
import type { LedgerEngine, LedgerReadEngine, OpenLedger } from '../../engine/ledger-engine.ts'
import type { WriterEngine } from '../../engine/writer-engine.ts'
import { openLedgerReads } from '../chain/open-reads.ts'
import type { PostgresDatabase } from '../database.ts'
import { PostgresTableEngine } from '../table-engine.ts'
import { PostgresLedgerWriter } from './ledger-writer.ts'
import { walletBlocks } from './wallet-blocks.ts'

/** The ledger of a schema. */
export class PostgresLedgers implements LedgerEngine {
  readonly #db: PostgresDatabase

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
}
