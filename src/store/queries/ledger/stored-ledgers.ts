import type { Header } from '../../../core/block.ts'
import type { ChainId } from '../../../core/chain.ts'
import type { LedgerEngine } from '../../engine/ledger-engine.ts'
import type { OnDamage } from '../../seam/damage.ts'
import type { AcceptedClock, LedgerAudit, LedgerJournal } from '../../seam/ledger-store.ts'
import type { LedgerStore } from '../../seam/store.ts'
import { StoredReads } from '../reads.ts'
import { StoredLedgerReads } from './stored-ledger-reads.ts'

/** The ledger of a store, on any engine. */
export class StoredLedgers implements LedgerStore {
  readonly #engine: LedgerEngine

  constructor(engine: LedgerEngine) {
    this.#engine = engine
  }

  openJournal(chain: ChainId, genesis: Header): Promise<LedgerJournal> {
    return this.#engine.openJournal(chain, genesis)
  }

  async openReads(chain: ChainId, tell?: OnDamage): ReturnType<LedgerStore['openReads']> {
    const opened = await this.#engine.openReads(chain, tell)
    return { ledger: new StoredLedgerReads(opened.ledger), chain: new StoredReads(opened.chain) }
  }

  openAudit(chain: ChainId): Promise<LedgerAudit> {
    return this.#engine.openAudit(chain)
  }

  acceptClock(chain: ChainId, accepted: AcceptedClock): Promise<void> {
    return this.#engine.acceptClock(chain, accepted)
  }
}
