import type { ChainId } from '../../core/chain.ts'
import type { Coverage } from '../../core/coverage.ts'
import type { OnDamage } from '../seam/damage.ts'
import type { HeldTables } from './held-tables.ts'
import type { LedgerEngine } from './ledger-engine.ts'
import type { ReadEngines } from './read-engine.ts'
import type { TableEngine } from './table-engine.ts'
import type { WriterEngine } from './writer-engine.ts'

/** The engines of the tables that a store has once. */
export type RecordEngines = {
  /** Commits are on disk before they return. */
  readonly durable: TableEngine
  /** The same tables. A crash may lose the last commits, but never a part of one. */
  readonly relaxed: TableEngine
  /** When keys were last used. As `relaxed`. */
  readonly uses: TableEngine
  /** What running processes tell each other: nothing of it must be kept. */
  readonly running: TableEngine
}

/**
 * A store as an engine gives it: where its tables are, who may write them, and how statements run on them. What the statements are
 * is the same for all engines. The methods throw as those of `Store`.
 */
export interface StoreEngine {
  readonly records: RecordEngines
  readonly ledgers: LedgerEngine
  /** Takes the lease of a chain, and makes its tables unless they are there. */
  openWriter(chain: ChainId, coverage: Coverage, tell?: OnDamage): Promise<WriterEngine>
  /** Opens a chain for reading, whether or not anything was written yet. */
  openReads(chain: ChainId, tell?: OnDamage): Promise<ReadEngines>
  /** True if there are tables of a chain that has nodes. */
  holds(chain: ChainId): Promise<boolean>
  /**
   * Deletes the tables of a chain that has nodes, under its lease. Returns false if the tables of `running` were never made, so that
   * nothing of the chain is told there.
   */
  forget(chain: ChainId): Promise<boolean>
  /** The store's own tables in one snapshot, those of a ledger too. */
  snapshot(): Promise<HeldTables>
  close(): Promise<void>
}
