import type { Header } from '../../../core/block.ts'
import type { ChainId } from '../../../core/chain.ts'
import type { LedgerEngine, LedgerStep } from '../../engine/ledger-engine.ts'
import type { TableEngine } from '../../engine/table-engine.ts'
import type { OnDamage } from '../../seam/damage.ts'
import type { AcceptedClock, LedgerAudit, LedgerJournal } from '../../seam/ledger-store.ts'
import type { LedgerStore } from '../../seam/store.ts'
import { StoredReads } from '../reads.ts'
import { acceptClock } from './accepted-clock.ts'
import { StoredLedgerJournal } from './stored-ledger-journal.ts'
import { StoredLedgerReads } from './stored-ledger-reads.ts'

/** What a ledger runs on. `records`: the tables of the store. `onStep`: for tests that end the process at a named point. */
type LedgerParts = {
  readonly engine: LedgerEngine
  readonly records: TableEngine
  readonly onStep?: ((step: LedgerStep) => void) | undefined
}

/** The ledger of a store, on any engine. */
export class StoredLedgers implements LedgerStore {
  readonly #engine: LedgerEngine
  readonly #records: TableEngine
  readonly #onStep: LedgerParts['onStep']

  constructor({ engine, records, onStep }: LedgerParts) {
    this.#engine = engine
    this.#records = records
    this.#onStep = onStep
  }

  async openJournal(chain: ChainId, genesis: Header): Promise<LedgerJournal> {
    return StoredLedgerJournal.open(await this.#engine.openWriter(chain), genesis, this.#onStep)
  }

  async openReads(chain: ChainId, tell?: OnDamage): ReturnType<LedgerStore['openReads']> {
    const opened = await this.#engine.openReads(chain, tell)
    return { ledger: new StoredLedgerReads(opened.ledger), chain: new StoredReads(opened.chain) }
  }

  openAudit(chain: ChainId): Promise<LedgerAudit> {
    return this.#engine.openAudit(chain)
  }

  async acceptClock(accepted: AcceptedClock): Promise<void> {
    await this.#records.write(() => acceptClock(accepted))
  }
}
