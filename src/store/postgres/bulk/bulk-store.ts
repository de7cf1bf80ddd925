import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { assert } from '../../../core/assert.ts'
import type { Header } from '../../../core/block.ts'
import { ServiceError } from '../../../core/errors.ts'
import { carryOver } from '../../queries/carry/carry-over.ts'
import { WriterMemory } from '../../queries/writer.ts'
import { int, nullable, text } from '../../rows/columns.ts'
import type { BuildTarget, BulkStore } from '../../seam/bulk-load.ts'
import { logDamaged } from '../../seam/log-damage.ts'
import type { StoredChain, StoredExtent } from '../../seam/stored-chain.ts'
import { type ChainSchemas, nextSchema } from '../chain/chain-place.ts'
import type { JournalOf } from '../chain/journal-of.ts'
import { runWork } from '../chain/run-query.ts'
import type { OwnConnection, PostgresDatabase, Queries } from '../database.ts'
import { NO_LIMITS } from '../held-transaction.ts'
import type { Lease } from '../lease.ts'
import { carryGrants } from './carry-grants.ts'
import { COPIED_TABLES } from './copy-columns.ts'
import { type BuiltRows, readBuilt } from './copy-sink.ts'
import { endTables } from './end-tables.ts'
import { fillTables } from './fill-tables.ts'
import type { LoadFolder } from './load-folder.ts'
import { namedTables } from './named-tables.ts'
import { findSampleFault } from './sample.ts'
import { extentOf, openStoredChain } from './stored-chain.ts'

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
  /** As `BulkStore.refused`. */
  readonly refused: string | undefined
  /** Runs work between two transactions of the writer, which then forgets what it remembers of the rows. */
  readonly between: <T>(work: () => Promise<T>) => Promise<T>
  /** Runs a transaction of the writer. */
  readonly write: <T>(work: (queries: Queries) => Promise<T>) => Promise<T>
}

/**
 * Fills fresh tables of a chain from the files of a build, and puts them in the place of those before: all in one transaction on
 * a connection of its own, so that nothing is left of one that ends early.
 */
export class PostgresBulk implements BulkStore {
  readonly isApart = true
  readonly refused: string | undefined
  readonly #parts: BulkParts
  readonly #journal: PostgresDatabase
  /** The last stored block, as far as a load knows. */
  #published: number | undefined

  constructor(parts: BulkParts) {
    this.refused = parts.refused
    this.#parts = parts
    this.#journal = parts.db.within([parts.schemas.journal])
  }

  get folder(): string {
    return this.#parts.folder.path
  }

  freeBytes(): number {
    return this.#parts.folder.make()
  }

  extent(): Promise<StoredExtent | undefined> {
    return extentOf(this.#journal)
  }

  async open(): Promise<StoredChain | undefined> {
    await this.#begin()
    const stored = await openStoredChain(this.#journal, this.#parts.of.codec)
    this.#published = stored?.through.number
    return stored
  }

  target(): BuildTarget {
    const { folder, of } = this.#parts
    const { chain, coverage, fixed } = of
    return { engine: 'postgres', chain, coverage, fixed: [...fixed], place: folder.rows, published: this.#published }
  }

  async publish({ place, published }: BuildTarget, signal = new AbortController().signal): Promise<Header> {
    const { db, lease, schemas } = this.#parts
    const built = readBuilt(place)
    const next = nextSchema(schemas, lease.fence)
    await db.apart(next, (connection) => this.#replace(connection, { next, place, built, published }), signal)
    this.#published = built.through.number
    return built.through
  }

  async end(): Promise<void> {
    const { folder, write } = this.#parts
    if (!folder.exists()) return
    // In this order: a log without its repairs must never be built from.
    folder.remove()
    await write(async (queries) => {
      await queries.run('DELETE FROM repaired')
      await queries.run('DELETE FROM places WHERE name = ?', LOAD)
    })
  }

  /** True while a load goes on: blocks that are repaired are noted, and repaired again in what is built. */
  isLoading(): boolean {
    return this.#parts.folder.load() !== undefined
  }

  /**
   * Removes a log that other writers than those of this folder wrote behind: they noted no repairs. Call it when the chain is
   * opened.
   */
  async resume(): Promise<void> {
    const { folder } = this.#parts
    const stored = nullable((await this.#journal.get(STORED_LOAD, LOAD))?.[0], text)
    if (stored !== undefined ? folder.load() === stored : !folder.exists()) return
    if (folder.exists()) folder.remove()
    await this.#parts.write((queries) => queries.run('DELETE FROM places WHERE name = ?', LOAD))
  }

  /** Names the load in its folder and in the database. */
  async #begin(): Promise<void> {
    const { folder, write } = this.#parts
    if (folder.load() !== undefined) return
    const load = randomUUID()
    await write((queries) => queries.run(SET_LOAD, LOAD, load))
    folder.begin(load)
  }

  async #replace(connection: OwnConnection, filled: Filled): Promise<void> {
    const { next, place, built } = filled
    const { of, lease } = this.#parts
    await connection.begin()
    await connection.exec(NO_LIMITS)
    const counts = await fillTables(connection, next, place)
    const wrong = COPIED_TABLES.find((table) => counts[table] !== built.counts[table])
    if (wrong !== undefined) throw damaged(`${wrong} has ${counts[wrong]} rows, not ${built.counts[wrong]}`)
    const queries = namedTables(connection, this.#parts.schemas.journal)
    await endTables(queries, { of: { ...of, fence: lease.fence }, memory: new WriterMemory(of), built })
    const fault = await findSampleFault(connection, place)
    if (fault !== undefined) throw damaged(fault)
    // The server ends its own vacuum of a table soon for this lock, and begins none. Readers and writers go on beside it.
    await connection.exec(lockOf(await tablesOf(connection, this.#parts.schemas.journal), 'SHARE UPDATE EXCLUSIVE'))
    for (let tries = 1; !(await this.#swap(connection, filled)); tries++) {
      if (tries === LOCK_TRIES) {
        throw new ServiceError('STORE_UNAVAILABLE', 'something reads the tables of the chain all the time: end it')
      }
      await sleep(LOCK_PAUSE_MS)
    }
  }

  /**
   * Carries over what no log tells, and commits the filled tables in the place of those before. With all of these locked, nobody
   * reads some tables of both. Returns false if somebody reads for too long.
   */
  #swap(connection: OwnConnection, { next, built, published }: Filled): Promise<boolean> {
    const { of, schemas, lease, between } = this.#parts
    const { journal } = schemas
    return between(async () => {
      await connection.exec('SAVEPOINT swap')
      const memory = new WriterMemory(of)
      const forget = (): void => memory.assets.forget()
      await runWork(namedTables(connection, journal), { memory }, carryOver({ memory, published, forget }))
      await carryGrants(connection, journal, next)
      if (!(await areLocked(connection, journal))) {
        await connection.exec('ROLLBACK TO swap')
        return false
      }
      await lease.hold(connection)
      const [number, transfers] = (await connection.get(`SELECT number, transfers FROM ${journal}.clock`)) ?? []
      assert(nullable(number, int) === published, 'no block is written while a generation is built')
      const now = int((await connection.get('SELECT transfers FROM clock'))?.[0])
      if (now < int(transfers)) throw logDamaged(`${now} transfers were built, but ${transfers} are published`)
      assert(published === undefined || published <= built.through.number, 'published blocks stay published')
      await connection.exec(`DROP SCHEMA ${journal} CASCADE; ALTER SCHEMA ${next} RENAME TO ${journal}`)
      await connection.commit()
      return true
    })
  }
}

/** The place that names the load that goes on. */
const LOAD = 'load'
const STORED_LOAD = 'SELECT place FROM places WHERE name = ?'
const SET_LOAD = `INSERT INTO places (name, place) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET place = excluded.place`

/** A build whose rows fill a schema. `published`: the last block of the tables before. */
type Filled = {
  readonly next: string
  readonly place: string
  readonly built: BuiltRows
  readonly published: number | undefined
}

/**
 * Locks all tables of a schema, the clock first: reads of a chain begin with it, so none of them holds another table once it is
 * locked. Returns false if that took too long: the transaction must go back to a savepoint then.
 */
async function areLocked(connection: OwnConnection, schema: string): Promise<boolean> {
  const lock = lockOf(await tablesOf(connection, schema), 'ACCESS EXCLUSIVE')
  await connection.exec(`SET LOCAL lock_timeout = ${LOCK_MS}`)
  try {
    await connection.exec(lock)
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== LOCK_NOT_AVAILABLE) throw error
    return false
  }
  await connection.exec('SET LOCAL lock_timeout = 0')
  return true
}

/** The tables of a schema, the clock first. */
async function tablesOf(connection: OwnConnection, schema: string): Promise<readonly string[]> {
  const rows = await connection.all(
    `SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = ?
     ORDER BY tablename <> 'clock', tablename`,
    schema,
  )
  return rows.map(([table]) => text(table))
}

function lockOf(tables: readonly string[], mode: string): string {
  return `LOCK TABLE ${tables.join(', ')} IN ${mode} MODE`
}

function damaged(what: string): ServiceError {
  return new ServiceError('STORE_DAMAGED', `what a bulk load wrote to the database is wrong: ${what}`)
}
