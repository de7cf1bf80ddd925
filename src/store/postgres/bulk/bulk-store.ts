import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { assert } from '../../../core/assert.ts'
import type { Header } from '../../../core/block.ts'
import { ServiceError } from '../../../core/errors.ts'
import { WriterMemory } from '../../queries/writer.ts'
import { text } from '../../rows/columns.ts'
import type { BuildTarget, BulkStore } from '../../seam/bulk-load.ts'
import { type ChainSchemas, nextSchema } from '../chain/chain-place.ts'
import type { JournalOf } from '../chain/journal-of.ts'
import type { OwnConnection, PostgresDatabase } from '../database.ts'
import { NO_LIMITS } from '../held-transaction.ts'
import type { Lease } from '../lease.ts'
import { carryNew } from './carry-new.ts'
import { COPIED_TABLES } from './copy-columns.ts'
import { type BuiltRows, readBuilt } from './copy-sink.ts'
import { endTables } from './end-tables.ts'
import { fillTables } from './fill-tables.ts'
import type { LoadFolder } from './load-folder.ts'
import { findSampleFault } from './sample.ts'

/**
 * How long the swap waits for readers of a table, and so others for it, before it lets them pass and tries again. It is shorter
 * than the server waits before it ends one of two that wait for each other.
 */
const LOCK_MS = 500
const LOCK_PAUSE_MS = 250
/** Tries to swap. A backup of the database holds what it reads for as long as it takes. */
const LOCK_TRIES = 400
/** The server did not get a lock in time. */
const LOCK_NOT_AVAILABLE = '55P03'

/** What the bulk load of a chain needs. */
export type BulkParts = {
  readonly db: PostgresDatabase
  readonly of: JournalOf
  readonly schemas: ChainSchemas
  readonly lease: Pick<Lease, 'fence' | 'hold'>
  readonly folder: LoadFolder
  /** Runs work between two transactions of the writer, which then forgets what it remembers of the rows. */
  readonly between: <T>(work: () => Promise<T>) => Promise<T>
}

/**
 * Fills fresh tables of a new chain from the files of a build, and puts them in the place of its empty ones: all in one
 * transaction on a connection of its own, so that nothing is left of one that ends early.
 */
export class PostgresBulk implements BulkStore {
  readonly grows = false
  readonly #parts: BulkParts

  constructor(parts: BulkParts) {
    this.#parts = parts
  }

  get folder(): string {
    return this.#parts.folder.path
  }

  freeBytes(): number {
    return this.#parts.folder.make()
  }

  extent(): undefined {}

  open(): undefined {}

  target(): BuildTarget {
    const { folder, of } = this.#parts
    const { chain, coverage, fixed } = of
    return { engine: 'postgres', chain, coverage, fixed: [...fixed], place: folder.rows, published: undefined }
  }

  async publish({ place }: BuildTarget, signal = new AbortController().signal): Promise<Header> {
    const { db, lease, schemas } = this.#parts
    const built = readBuilt(place)
    const next = nextSchema(schemas, lease.fence)
    await db.apart(next, (connection) => this.#replace(connection, { next, place, built }), signal)
    return built.through
  }

  async end(): Promise<void> {
    this.#parts.folder.remove()
  }

  async #replace(connection: OwnConnection, { next, place, built }: Filled): Promise<void> {
    const { of, lease } = this.#parts
    await connection.begin()
    await connection.exec(NO_LIMITS)
    const counts = await fillTables(connection, next, place)
    const wrong = COPIED_TABLES.find((table) => counts[table] !== built.counts[table])
    if (wrong !== undefined) throw damaged(`${wrong} has ${counts[wrong]} rows, not ${built.counts[wrong]}`)
    const memory = new WriterMemory(of)
    await endTables(connection, { of: { ...of, fence: lease.fence }, memory, built })
    const fault = await findSampleFault(connection, place)
    if (fault !== undefined) throw damaged(fault)
    for (let tries = 1; !(await this.#swap(connection, memory)); tries++) {
      if (tries === LOCK_TRIES) {
        throw new ServiceError(
          'STORE_UNAVAILABLE',
          'something reads the empty tables of the chain all the time: end it',
        )
      }
      await sleep(LOCK_PAUSE_MS)
    }
  }

  /**
   * Commits the filled tables in the place of the empty ones. With all of these locked, nobody reads some tables of both. Returns
   * false if somebody reads for too long.
   */
  #swap(connection: OwnConnection, memory: WriterMemory): Promise<boolean> {
    const { schemas, lease, between } = this.#parts
    const { journal } = schemas
    return between(async () => {
      if (!(await areLocked(connection, journal))) return false
      await lease.hold(connection)
      const written = await connection.get(`SELECT number FROM ${journal}.clock`)
      assert(written?.[0] === null, 'a bulk load only takes the place of a journal without blocks')
      await carryNew(connection, journal, memory)
      const next = nextSchema(schemas, lease.fence)
      await connection.exec(`DROP SCHEMA ${journal} CASCADE; ALTER SCHEMA ${next} RENAME TO ${journal}`)
      await connection.commit()
      return true
    })
  }
}

type Filled = { readonly next: string; readonly place: string; readonly built: BuiltRows }

/**
 * Locks all tables of a schema, the clock first: reads of a chain begin with it, so none of them holds another table once it is
 * locked. Returns false, with no table locked, if that took too long.
 */
async function areLocked(connection: OwnConnection, schema: string): Promise<boolean> {
  const tables = await connection.all(
    `SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = ?
     ORDER BY tablename <> 'clock', tablename`,
    schema,
  )
  await connection.exec(`SAVEPOINT unlocked; SET LOCAL lock_timeout = ${LOCK_MS}`)
  try {
    await connection.exec(`LOCK TABLE ${tables.map(([table]) => text(table)).join(', ')} IN ACCESS EXCLUSIVE MODE`)
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== LOCK_NOT_AVAILABLE) throw error
    await connection.exec('ROLLBACK TO unlocked')
    return false
  }
  await connection.exec('SET LOCAL lock_timeout = 0')
  return true
}

function damaged(what: string): ServiceError {
  return new ServiceError('STORE_DAMAGED', `what a bulk load wrote to the database is wrong: ${what}`)
}
