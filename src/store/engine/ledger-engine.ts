import type { ChainId } from '../../core/chain.ts'
import type { Soon } from '../../core/soon.ts'
import type { StoredLedgerAudit } from '../queries/ledger/ledger-audit.ts'
import type { Query } from '../queries/query.ts'
import type { Row } from '../rows/columns.ts'
import type { OnDamage } from '../seam/damage.ts'
import type { ReadEngines } from './read-engine.ts'
import type { WriterEngine } from './writer-engine.ts'

/** Points in a commit where a test kills the process, to prove that nothing is lost or duplicated there. */
export const LEDGER_STEPS = ['ledger:read', 'append:rows', 'append:clock', 'ledger:rows', 'ledger:done'] as const
/** A named point of a ledger's write, for tests that kill the process there. */
export type LedgerStep = (typeof LEDGER_STEPS)[number]

/** How an engine reads a ledger's record. */
export interface LedgerReadEngine {
  /** Runs reads as one snapshot; perhaps twice. */
  read<T>(work: () => Query<T>): Soon<T>
  /** The next reads see all that is committed by now. */
  renew(): void
  /**
   * Rows with the numbers of the first `limit` blocks after `after` that changed any balance of a wallet, oldest first. Engines
   * find them in different ways without an index by wallet and block, which each operation would have to write.
   */
  blocksOf(account: Buffer, page: { readonly after: number; readonly limit: number }): Query<readonly Row[]>
}

/** The read side of a ledger: its record, and its rows as a chain. Both share their snapshots. */
export type OpenLedger = { readonly ledger: LedgerReadEngine; readonly chain: ReadEngines }

/** The ledger of a store, as an engine gives it. The methods throw as those of `LedgerStore`. */
export interface LedgerEngine {
  /** Its transactions exclude those of all other writers of the ledger, and are on disk when they end. */
  openWriter(chain: ChainId): Promise<WriterEngine>
  openReads(chain: ChainId, tell?: OnDamage): Promise<OpenLedger>
  openAudit(chain: ChainId): Promise<StoredLedgerAudit>
}
