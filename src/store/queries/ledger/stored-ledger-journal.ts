import type { Header } from '../../../core/block.ts'
import { isServiceError } from '../../../core/errors.ts'
import type { WriterEngine } from '../../engine/writer-engine.ts'
import type {
  AcceptedClock,
  Decided,
  LedgerFacts,
  LedgerJournal,
  LedgerNeeds,
  LedgerWrites,
} from '../../seam/ledger-store.ts'
import type { WriterMemory } from '../writer.ts'
import { readAcceptedClock } from './accepted-clock.ts'
import { LedgerLookups } from './ledger-lookups.ts'
import type { LedgerStep } from './ledger-steps.ts'
import { beginLedger, decideAndWrite, type LedgerWriting, touchLedger } from './ledger-writes.ts'

const NO_CHECKPOINTS = { checkpoints: 0, checkpointsFailed: 0, checkpointError: undefined }

/**
 * Writes an issuer's ledger on any engine: its operations, and their transfers and balances through the rules of a chain's journal.
 * Each commit is one transaction of the engine, which no other one of the ledger overlaps.
 */
export class StoredLedgerJournal implements LedgerJournal {
  readonly #engine: WriterEngine
  readonly #lookups = new LedgerLookups()
  readonly #step: (step: LedgerStep) => void
  #commits = 0
  #operations = 0
  #accepted: AcceptedClock | undefined

  private constructor(engine: WriterEngine, step: (step: LedgerStep) => void) {
    this.#engine = engine
    this.#step = step
  }

  /** Begins the ledger with `genesis` if it is new. Closes the engine if that fails. */
  static async open(
    engine: WriterEngine,
    genesis: Header,
    step: (step: LedgerStep) => void = () => undefined,
  ): Promise<StoredLedgerJournal> {
    const journal = new StoredLedgerJournal(engine, step)
    try {
      await journal.#begin(genesis)
      return journal
    } catch (error) {
      await engine.close()
      throw error
    }
  }

  get writes(): LedgerWrites {
    return { commits: this.#commits, operations: this.#operations, ...(this.#engine.checkpoints ?? NO_CHECKPOINTS) }
  }

  async commit<T>(needs: LedgerNeeds, decide: (facts: LedgerFacts) => Decided<T>): Promise<T> {
    const { decided, head } = await this.#decide(needs, decide)
    const { blocks, repeats, result } = decided
    if (blocks.length === 0 && repeats.length === 0) return result
    await this.#engine.appended(head)
    this.#step('ledger:done')
    this.#commits += 1
    this.#operations += blocks.length
    return result
  }

  async probe({ write }: { readonly write: boolean }): Promise<number> {
    const lookups = this.#lookups
    const { accepted, head } = await this.#engine.transact(function* () {
      if (write) yield* touchLedger()
      return { accepted: yield* readAcceptedClock(), head: (yield* lookups.head()).header }
    })
    this.#accepted = accepted
    return head.timestamp
  }

  acceptedClock(): AcceptedClock | undefined {
    return this.#accepted
  }

  close(): Promise<void> {
    return this.#engine.close()
  }

  async #begin(genesis: Header): Promise<void> {
    const lookups = this.#lookups
    const head = await this.#engine.transact((memory) => {
      const writing = this.#writing(memory)
      return (function* () {
        yield* beginLedger(genesis, writing)
        return (yield* lookups.head()).header
      })()
    })
    await this.#engine.appended(head)
    await this.probe({ write: false })
  }

  async #decide<T>(needs: LedgerNeeds, decide: (facts: LedgerFacts) => Decided<T>) {
    try {
      return await this.#engine.transact((memory) => decideAndWrite(this.#writing(memory), needs, decide))
    } catch (error) {
      // The operator may have confirmed the clock since it was looked at.
      if (isServiceError(error, 'CLOCK_JUMPED')) await this.probe({ write: false })
      throw error
    }
  }

  #writing({ rules }: WriterMemory): LedgerWriting {
    return { lookups: this.#lookups, rules, step: this.#step }
  }
}
