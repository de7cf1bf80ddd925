import type { Header } from '../../../core/block.ts'
import type { ChainId } from '../../../core/chain.ts'
import type { StoreEngine } from '../../engine/store-engine.ts'
import { LEDGER_COVERAGE } from '../../rows/ledger-batch.ts'
import type { OnDamage } from '../../seam/damage.ts'
import type { AcceptedClock, LedgerAudit, LedgerJournal } from '../../seam/ledger-store.ts'
import type { LedgerStore } from '../../seam/store.ts'
import { StoredReads } from '../reads.ts'
import { acceptClock } from './accepted-clock.ts'
import { StoredLedgerAudit } from './ledger-audit.ts'
import type { LedgerStep } from './ledger-steps.ts'
import { StoredLedgerJournal } from './stored-ledger-journal.ts'
import { type LedgerReading, StoredLedgerReads } from './stored-ledger-reads.ts'

/** The ledger of a store, on any engine. */
export class StoredLedgers implements LedgerStore {
  readonly #engine: StoreEngine
  readonly #onStep: ((step: LedgerStep) => void) | undefined

  /** `onStep`: for tests that end the process at a named point. */
  constructor(engine: StoreEngine, onStep?: (step: LedgerStep) => void) {
    this.#engine = engine
    this.#onStep = onStep
  }

  async openJournal(chain: ChainId, genesis: Header): Promise<LedgerJournal> {
    return StoredLedgerJournal.open(
      await this.#engine.openWriter({ chain, coverage: LEDGER_COVERAGE, isLedger: true }),
      genesis,
      this.#onStep,
    )
  }

  async openReads(chain: ChainId, tell?: OnDamage): ReturnType<LedgerStore['openReads']> {
    const opened = await this.#engine.openReads({ chain, isLedger: true }, tell)
    const { engine } = opened
    const record: Pick<LedgerReading, 'read'> = opened.record ?? engine
    const reading: LedgerReading = { read: (work) => record.read(work), renew: () => engine.renew() }
    return { ledger: new StoredLedgerReads(reading, this.#engine.walletBlocks), chain: new StoredReads(opened) }
  }

  async openAudit(chain: ChainId): Promise<LedgerAudit> {
    return StoredLedgerAudit.open(await this.#engine.snapshot(), chain)
  }

  async acceptClock(accepted: AcceptedClock): Promise<void> {
    await this.#engine.records.durable.write(() => acceptClock(accepted))
  }
}
