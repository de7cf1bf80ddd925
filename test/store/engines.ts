import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTick } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import { type ChainId, parseChainId } from '../../src/core/chain.ts'
import type { Coverage } from '../../src/core/coverage.ts'
import { openStore } from '../../src/store/open.ts'
import { chainSchemas } from '../../src/store/postgres/chain/chain-place.ts'
import { translate } from '../../src/store/postgres/chain/run-query.ts'
import type { ChainReads, Journal, Store } from '../../src/store/seam/store.ts'
import { Generations } from '../../src/store/sqlite/generations.ts'
import { makeSchema } from '../postgres/test-schema.ts'
import { dumpTables, dumpWholeTables } from './dump.ts'

/** The chain of suites that have one. */
export const CHAIN = parseChainId('eip155:1') as ChainId

type OpenOptions = Pick<Parameters<typeof openStore>[0], 'codecOf' | 'classesOf' | 'loadFolder' | 'onStep'>

/** An empty place for a store. */
export type StorePlace = {
  readonly url: string
  /**
   * Opens the store there: also several at a time, as several processes do. All are closed at the end. Accounts are those of EVM
   * unless `codecOf` is given.
   */
  readonly open: (options?: OpenOptions) => Promise<Store>
  /** Opens a store there, its chain CHAIN for writing, from block 0 on unless `coverage` is given, and the reads of the chain. */
  readonly openChain: (coverage?: Coverage, options?: OpenOptions) => Promise<OpenChain>
  /** The facts of a chain as canonical lines, which are the same on all engines. */
  readonly dumpChain: (chain: ChainId) => Promise<readonly string[]>
  /** The same, with all other rows of its tables. */
  readonly dumpWhole: (chain: ChainId) => Promise<readonly string[]>
  /** Runs statements on the tables of a chain, as another program would. */
  readonly exec: (chain: ChainId, sql: string) => Promise<void>
  /** Runs statements on the tables of the store itself, as another program would. Bytes are written as `x'80'`. */
  readonly execRecords: (sql: string) => Promise<void>
  /** Makes another process the writer of a chain. */
  readonly takeOver: (chain: ChainId) => Promise<void>
  /** Ends the rights of writers that were killed, as time does. */
  readonly endLeases: () => Promise<void>
  /** Closes what is open, and deletes the place. */
  readonly end: () => Promise<void>
}

/** A chain that is written and read. */
export type OpenChain = { readonly journal: Journal; readonly reads: ChainReads }

type Opened = Pick<StorePlace, 'url' | 'exec' | 'execRecords' | 'takeOver' | 'endLeases'> & {
  /** Runs work that reads the tables of a chain by statements. */
  readonly read: <T>(chain: ChainId, work: (read: Read) => Promise<T>) => Promise<T>
  readonly remove: () => void | Promise<void>
}

type Read = Parameters<typeof dumpTables>[0]

function place({ url, read, exec, execRecords, takeOver, endLeases, remove }: Opened): StorePlace {
  const opened: Store[] = []
  const journals: Journal[] = []
  const open = async (options: OpenOptions = {}): Promise<Store> => {
    const store = await openStore({ url, create: true, codecOf: () => HEX_ACCOUNTS, ...options })
    opened.push(store)
    return store
  }
  return {
    url,
    open,
    openChain: async (coverage = { scope: { type: 'all' }, from: 0 }, options = {}) => {
      const store = await open(options)
      const journal = await store.openJournal(CHAIN, coverage)
      journals.push(journal)
      return { journal, reads: await store.openReads(CHAIN) }
    },
    dumpChain: (chain) => read(chain, dumpTables),
    dumpWhole: (chain) => read(chain, dumpWholeTables),
    exec,
    execRecords,
    takeOver,
    endLeases,
    end: async () => {
      // A snapshot of this tick would keep the log of the file from being emptied.
      await nextTick()
      for (const journal of journals) await journal.close()
      for (const store of opened) await store.close()
      await remove()
    },
  }
}

function execIn(file: string, sql: string): void {
  const db = new Database(file)
  db.exec(sql)
  db.close()
}

/** An engine. `isFull`: suites that take long on it take their full form. */
export type TestedEngine = {
  readonly name: string
  readonly isFull: boolean
  readonly makePlace: () => Promise<StorePlace>
}

/** True in `npm run test:long`. */
const IS_LONG = process.env.LONG_TESTS === '1'

/**
 * Every engine: suites of what all engines have loop over this list. Where each write waits for a server, what takes long has a short
 * form in `npm test`, and its full form in `npm run test:long`.
 */
export const ENGINES: readonly TestedEngine[] = [
  {
    name: 'sqlite',
    isFull: true,
    makePlace: async () => {
      const folder = mkdtempSync(join(tmpdir(), 'steelyard-store-'))
      const fileOf = (chain: ChainId): string => new Generations(folder, chain).currentPath()
      return place({
        url: `sqlite:${folder}`,
        read: async (chain, work) => {
          const db = new Database(fileOf(chain), { readonly: true })
          try {
            return await work(async (sql) => db.prepare<[], Record<string, unknown>>(sql).all())
          } finally {
            db.close()
          }
        },
        exec: async (chain, sql) => execIn(fileOf(chain), sql),
        execRecords: async (sql) => execIn(join(folder, 'steelyard.db'), sql),
        takeOver: async (chain) => execIn(fileOf(chain), 'UPDATE chain SET fence = fence + 1'),
        // They end with their process.
        endLeases: async () => undefined,
        remove: () => rmSync(folder, { recursive: true }),
      })
    },
  },
  {
    name: 'postgres',
    isFull: IS_LONG,
    makePlace: async () => {
      const { url, schema, query, end } = await makeSchema()
      return place({
        url,
        read: (chain, work) => {
          const { journal } = chainSchemas(schema, chain)
          return work((sql) => query(sql.replace(/ FROM (\w+)/, ` FROM ${journal}.$1`)))
        },
        exec: async (chain, sql) => {
          const { journal } = chainSchemas(schema, chain)
          await query(`BEGIN; SET LOCAL search_path = ${journal}; ${sql}; COMMIT`)
        },
        execRecords: async (sql) => void (await query(translate(sql).text)),
        takeOver: async (chain) => {
          await query('UPDATE leases SET fence = fence + 1 WHERE chain = $1', [chain])
        },
        endLeases: async () => {
          const [made] = await query("SELECT to_regclass('leases') IS NOT NULL AS there")
          // With another number, no prolongation that is still on its way to the server begins them anew.
          if (made?.there === true) await query('UPDATE leases SET expires_at = now(), fence = fence + 1')
        },
        remove: end,
      })
    },
  },
]

function engineOf(name: string): TestedEngine {
  const engine = ENGINES.find((one) => one.name === name)
  if (engine === undefined) throw new Error(`no engine ${name}`)
  return engine
}

/** Makes places for one engine, for what only it has. */
export function placeMaker(name: string): () => Promise<StorePlace> {
  return engineOf(name).makePlace
}

/**
 * The engine of suites that use stores, but are about something else. A run has one: those of `test/suites.ts` are run once for
 * each engine.
 */
export const ENGINE = engineOf(process.env.TEST_ENGINE ?? 'sqlite')

/** Makes an empty place on the engine of this run. */
export const newPlace = ENGINE.makePlace

/** The facts of a chain, as `dumpChain`, after some work on it in a place of its own. */
export async function dumpAfter(
  makePlace: () => Promise<StorePlace>,
  coverage: Coverage,
  work: (journal: Journal) => Promise<unknown>,
): Promise<readonly string[]> {
  const place = await makePlace()
  try {
    const journal = await (await place.open()).openJournal(CHAIN, coverage)
    await work(journal)
    await journal.close()
    return await place.dumpChain(CHAIN)
  } finally {
    await place.end()
  }
}
