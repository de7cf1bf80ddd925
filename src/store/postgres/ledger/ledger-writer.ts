import type { ChainId } from '../../../core/chain.ts'
import type { WriterEngine } from '../../engine/writer-engine.ts'
import { claimChain } from '../../queries/claim-chain.ts'
import type { Work } from '../../queries/query.ts'
import { WriterMemory } from '../../queries/writer.ts'
import { LEDGER_NATURE } from '../../rows/ledger-batch.ts'
import { runQuery, runWork } from '../chain/run-query.ts'
import type { PostgresDatabase } from '../database.ts'

/**
 * Begins each transaction: other writers, of any process, wait here for its end. A statement after this one sees what the writer
 * before committed.
 */
const HEAD = { sql: 'SELECT 1 FROM ledger FOR UPDATE', check: () => undefined }

/** Runs the work of a ledger's writer in the schema of the store. The connections belong to the store. */
export class PostgresLedgerWriter implements WriterEngine {
  readonly codec = LEDGER_NATURE.codec
  readonly coverage = LEDGER_NATURE.coverage
  readonly fixed = LEDGER_NATURE.fixed
  readonly memory = new WriterMemory(LEDGER_NATURE)
  readonly #db: PostgresDatabase

  private constructor(db: PostgresDatabase) {
    this.#db = db
  }

  /** @throws STORE_MISMATCH the schema holds another ledger */
  static async open(db: PostgresDatabase, chain: ChainId): Promise<PostgresLedgerWriter> {
    const where = { place: `schema ${db.target.schema} of ${db.target.place}`, remedy: 'use another schema' }
    const claimed = { chain, ...LEDGER_NATURE, counted: 0, ...where }
    await db.write((queries) => runQuery(queries, claimChain(claimed)))
    return new PostgresLedgerWriter(db)
  }

  async transact<T>(work: (memory: WriterMemory) => Work<T>): Promise<T> {
    const { memory } = this
    try {
      return await this.#db.write((queries) => runWork(queries, { memory }, work(memory)), { first: HEAD })
    } catch (error) {
      memory.assets.forget()
      throw error
    }
  }

  appended(): void {}

  isLoading(): boolean {
    return false
  }

  async close(): Promise<void> {}
}
