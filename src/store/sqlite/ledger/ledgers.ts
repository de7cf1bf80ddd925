import { type AccountCodec, TEXT_ACCOUNTS } from '../../../core/account.ts'
import type { ChainId } from '../../../core/chain.ts'
import type { LedgerEngine, LedgerReadEngine, OpenLedger } from '../../engine/ledger-engine.ts'
import type { ReadEngines } from '../../engine/read-engine.ts'
import type { WriterEngine } from '../../engine/writer-engine.ts'
import { StoredLedgerAudit } from '../../queries/ledger/ledger-audit.ts'
import type { OnDamage } from '../../seam/damage.ts'
import {
  guarded,
  guardedFile,
  mustHaveTables,
  type OpenOptions,
  openDatabase,
  type SqliteDatabase,
} from '../database.ts'
import { Snapshot } from '../read/snapshot.ts'
import { SqliteRecordSnapshot } from '../record-snapshot.ts'
import { keepReserve, noRoom } from '../reserve.ts'
import { LEDGER_TABLES, schemaFaults } from './ledger-schema.ts'
import { SqliteLedgerWriter } from './ledger-writer.ts'
import { walletBlocks } from './wallet-trail.ts'

const TABLES: Tables = LEDGER_TABLES

type Tables = Pick<OpenOptions, 'migrations' | 'parts' | 'durable'>

/** The open facts file of a chain, for its read side. */
export type ChainFacts = { readonly db: SqliteDatabase; readonly codec: AccountCodec; readonly snapshot: Snapshot }

/** Opens the ledger of a store folder. */
export class SqliteLedgers implements LedgerEngine {
  readonly #deps: LedgerDeps

  constructor(deps: LedgerDeps) {
    this.#deps = deps
  }

  async openWriter(chain: ChainId): Promise<WriterEngine> {
    const { fileIn, folder } = this.#deps
    const db = openDatabase({ file: fileIn(folder), ...TABLES, cache: 'ledger' })
    try {
      // Without a reserve, the last free space is needed for the next start, so reject the write.
      if (!keepReserve(folder)) throw noRoom(folder)
      return guardedFile(db.name, () => {
        mustHaveLedger(db)
        return new SqliteLedgerWriter({ db, folder, chain })
      })
    } catch (error) {
      db.close()
      throw error
    }
  }

  async openReads(chain: ChainId, tell: OnDamage = () => undefined): Promise<OpenLedger> {
    const db = this.#deps.open(TABLES, tell)
    return guardedFile(db.name, () => {
      mustHaveLedger(db)
      const snapshot = new Snapshot(db, { own: true, codec: TEXT_ACCOUNTS, fixed: new Map() })
      const reads = this.#deps.readsOf(chain, { db, codec: TEXT_ACCOUNTS, snapshot }, tell)
      const ledger: LedgerReadEngine = {
        read: (work) => snapshot.read(work),
        renew: () => snapshot.renew(),
        blocksOf: walletBlocks,
      }
      return { ledger, chain: reads }
    })
  }

  async openAudit(chain: ChainId): Promise<StoredLedgerAudit> {
    const { fileIn, folder } = this.#deps
    const db = openDatabase({ file: fileIn(folder), ...TABLES, cache: 'small' })
    let faults: readonly string[]
    let snapshot: SqliteRecordSnapshot
    try {
      snapshot = new SqliteRecordSnapshot(db)
      faults = guarded(db, () => schemaFaults(db, MAX_DAMAGE))
    } catch (error) {
      db.close()
      throw error
    }
    const damage = (): readonly string[] => damageIn(db)
    return StoredLedgerAudit.open({ snapshot, schemaFaults: faults, damage }, chain)
  }
}

/** @throws an error of SQLite if a table of the ledger is missing: its statements are prepared only once they are needed. */
function mustHaveLedger(db: SqliteDatabase): void {
  for (const migrations of Object.values(LEDGER_TABLES.parts)) mustHaveTables(db, migrations)
}

/** Most faults that SQLite's integrity check reports, and most differences of tables. */
const MAX_DAMAGE = 10

/** Faults that SQLite finds in its own file. */
function damageIn(db: SqliteDatabase): readonly string[] {
  const said = guarded(db, () => db.prepare(`PRAGMA main.integrity_check(${MAX_DAMAGE})`).pluck().all())
  return said.filter((line) => line !== 'ok').map((line) => `the file: ${String(line)}`)
}

/** What `SqliteLedgers` needs from the store. */
export type LedgerDeps = {
  /** The path of the authoritative file in a store folder. */
  readonly fileIn: (folder: string) => string
  readonly folder: string
  /** Opens the authoritative file for reading. The store closes it. */
  readonly open: (tables: Tables, tell: OnDamage) => SqliteDatabase
  readonly readsOf: (chain: ChainId, facts: ChainFacts, tell: OnDamage) => ReadEngines
}
