import type { Header } from '../../core/block.ts'
import type { ChainId } from '../../core/chain.ts'
import type { StoredLedgerAudit } from '../queries/ledger/ledger-audit.ts'
import type { OnDamage } from '../seam/damage.ts'
import type { AcceptedClock, LedgerJournal, LedgerReads } from '../seam/ledger-store.ts'
import type { ReadEngines } from './read-engine.ts'

/** The read side of a ledger: its record, and its rows as a chain. Both share their snapshots. */
export type OpenLedger = { readonly ledger: LedgerReads; readonly chain: ReadEngines }

/** The ledger of a store, as an engine gives it. The methods throw as those of `LedgerStore`. */
export interface LedgerEngine {
  openJournal(chain: ChainId, genesis: Header): Promise<LedgerJournal>
  openReads(chain: ChainId, tell?: OnDamage): Promise<OpenLedger>
  openAudit(chain: ChainId): Promise<StoredLedgerAudit>
  acceptClock(chain: ChainId, accepted: AcceptedClock): Promise<void>
}
