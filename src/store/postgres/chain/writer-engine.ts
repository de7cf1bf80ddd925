import type { AccountCodec } from '../../../core/account.ts'
import type { Coverage } from '../../../core/coverage.ts'
import type { WriterEngine } from '../../engine/writer-engine.ts'
import type { FixedClasses } from '../../queries/asset-table.ts'
import { planned, type Work } from '../../queries/query.ts'
import { WriterMemory } from '../../queries/writer.ts'
import { type BulkParts, PostgresBulk } from '../bulk/bulk-store.ts'
import { LoadFolder } from '../bulk/load-folder.ts'
import type { PostgresDatabase } from '../database.ts'
import { RememberedTables } from '../journal/run-plan.ts'
import { type Lease, takeLease } from '../lease.ts'
import { bindToChain } from './bind-chain.ts'
import { chainSchemas, makeChain, whyNotReplaced } from './chain-place.ts'
import type { JournalOf } from './journal-of.ts'
import { runWork } from './run-query.ts'

/** Appends between two looks for what is left of a bulk load. */
const APPENDS_A_LOOK = 8

/** Runs the work of one chain's writer, one transaction after the other. */
export class PostgresWriterEngine implements WriterEngine {
  readonly codec: AccountCodec
  readonly coverage: Coverage
  readonly fixed: FixedClasses
  readonly memory: WriterMemory
  readonly bulk: PostgresBulk
  readonly #lease: Lease
  readonly #tables = new RememberedTables()
  #appends = 0
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(of: JournalOf, lease: Lease, { memory, load }: Opened) {
    this.codec = of.codec
    this.coverage = memory.followed.coverage
    this.fixed = of.fixed
    this.memory = memory
    this.#lease = lease
    const between: BulkParts['between'] = (work) => this.#between(work)
    const whose = { ...of, coverage: this.coverage }
    const write: BulkParts['write'] = (work) => this.#inTurn(() => lease.write(work))
    this.bulk = new PostgresBulk({ ...load, of: whose, lease, between, write })
  }

  /** `loadFolder`: where a bulk load keeps what it fetched. @throws LEASE_HELD, STORE_MISMATCH, and as `migrate` */
  static async open(db: PostgresDatabase, of: JournalOf, loadFolder: string): Promise<PostgresWriterEngine> {
    const lease = await takeLease(db, of.chain)
    try {
      const memory = new WriterMemory(of)
      const view = await makeChain(db, of.chain)
      // Each transaction of the writer holds the row of its lease, which is in the store's own schema.
      const ours: Lease = { ...lease, write: (work, how) => lease.write(work, { ...how, view }) }
      const schemas = chainSchemas(db.target.schema, of.chain)
      const folder = new LoadFolder(loadFolder, db.target, of.chain)
      const load = { db, schemas, folder, refused: await whyNotReplaced(db, schemas) }
      const engine = new PostgresWriterEngine(of, ours, { memory, load })
      await ours.write((queries) => bindToChain(queries, { ...of, fence: lease.fence }))
      await engine.bulk.resume()
      await engine.#reload()
      return engine
    } catch (error) {
      await lease.release().catch(() => undefined)
      throw error
    }
  }

  transact<T>(work: (memory: WriterMemory) => Work<T>, how?: { readonly durable: boolean }): Promise<T> {
    return this.#inTurn(async () => {
      try {
        return await this.#run(work, how)
      } catch (error) {
        await this.#forget()
        throw error
      }
    })
  }

  async appended(): Promise<void> {
    // Once blocks are appended, nothing goes on from the log of a bulk load that ended in a crash.
    if (this.#appends++ % APPENDS_A_LOOK === 0) await this.bulk.end()
  }

  isLoading(): boolean {
    return this.bulk.isLoading()
  }

  async close(): Promise<void> {
    await this.#lease.release()
  }

  /** Runs work between two transactions, which changes what is remembered of the rows. */
  #between<T>(work: () => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      try {
        return await work()
      } finally {
        await this.#forget()
      }
    })
  }

  async #forget(): Promise<void> {
    this.memory.assets.forget()
    this.#tables.forget()
    // If the database is away, the next transaction fails too, and tries this again.
    await this.#reload().catch(() => undefined)
  }

  async #reload(): Promise<void> {
    await this.#run((memory) => planned(memory.followed.reload()))
  }

  #run<T>(work: (memory: WriterMemory) => Work<T>, how?: { readonly durable: boolean }): Promise<T> {
    const remembered = { memory: this.memory, tables: this.#tables }
    return this.#lease.write((queries) => runWork(queries, remembered, work(this.memory)), how)
  }

  /** Runs work after the work before: each reads what it writes from, and what it remembers. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => undefined)
    return turn
  }
}

/** What a chain was opened with. */
type Opened = { readonly memory: WriterMemory; readonly load: Pick<BulkParts, 'db' | 'schemas' | 'folder' | 'refused'> }
