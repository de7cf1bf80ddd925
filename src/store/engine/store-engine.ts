import type { ChainId } from '../../core/chain.ts'
import type { Coverage } from '../../core/coverage.ts'
import type { Sql } from '../queries/query.ts'
import type { OnDamage } from '../seam/damage.ts'
import type { HeldTables } from './held-tables.ts'
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

/** Whose journal: of a chain that has nodes, in tables of its own, or the ledger's, beside the records of the store. */
export type JournalOf = { readonly chain: ChainId; readonly isLedger: boolean }

/**
 * A store as an engine gives it: where its tables are, who may write them, and how statements run on them. What the statements are
 * is the same for all engines. The methods throw as those of `Store`.
 */
export interface StoreEngine {
  readonly records: RecordEngines
  /**
   * Rows with the numbers of the first `@limit` blocks after `@after` that changed any balance of the ledger's wallet `@account`, oldest
   * first. Engines find them in different ways without an index by wallet and block, which each operation would have to write.
   */
  readonly walletBlocks: Sql
  /**
   * Opens the writer of a journal, and makes its tables unless they are there. That of a chain with nodes takes its lease. Those of
   * a ledger may be many: the transactions of one exclude those of all others, and are on disk when they end.
   */
  openWriter(of: JournalOf & { readonly coverage: Coverage }, tell?: OnDamage): Promise<WriterEngine>
  /** Opens a journal for reading, whether or not anything was written yet. */
  openReads(of: JournalOf, tell?: OnDamage): Promise<ReadEngines>
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
