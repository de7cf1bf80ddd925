import { assetKey } from '../core/asset.ts'
import { isServiceError } from '../core/errors.ts'
import type { Finding } from '../store/seam/audits.ts'
import type { Journal } from '../store/seam/store.ts'
import type { AuditCounts } from './audit-counts.ts'
import type { CoolDowns } from './cool-downs.ts'
import type { Investigations } from './investigations.ts'
import type { InvestigationResult, Investigator, Suspicion } from './investigator.ts'

export type ConcludeParts = {
  readonly journal: Journal
  readonly log: (level: 'info' | 'warn', message: string, fields: Readonly<Record<string, unknown>>) => void
  readonly investigator: Investigator
  readonly suspects: Investigations
  /** Tokens whose cases came to nothing. */
  readonly rests: CoolDowns
  readonly counts: AuditCounts
}

/** Looks into suspicions and does what follows: notes, repairs that were made, and tokens turned to `reads`. */
export class Cases {
  readonly #parts: ConcludeParts

  constructor(parts: ConcludeParts) {
    this.#parts = parts
  }

  /**
   * Looks into the oldest suspicions. `isShort`: a node is known to leave out logs and not all blocks were fetched again,
   * so that only receipts prove that logs are complete.
   * @throws STORE_UNAVAILABLE, LEASE_LOST
   */
  async investigate(how: { readonly limit: number; readonly isShort: boolean }, signal: AbortSignal): Promise<void> {
    for (const suspect of this.#parts.suspects.take(how.limit)) {
      let verdict: InvestigationResult
      try {
        verdict = await this.#parts.investigator.investigate(suspect, signal)
      } catch (error) {
        if (!isServiceError(error) || signal.aborted) throw error
        verdict = { is: 'unanswered' }
      }
      await this.#conclude(suspect, verdict, how.isShort)
    }
  }

  async #conclude(suspect: Suspicion, verdict: InvestigationResult, isShort: boolean): Promise<void> {
    const { counts, rests } = this.#parts
    if (verdict.is === 'unanswered') {
      // Nothing was said of the token: the next comparison finds it again.
      counts.audit_failed++
      rests.pause(suspect.asset)
      return
    }
    if (verdict.is === 'unfinished') {
      rests.pause(suspect.asset)
      await this.#note(suspect, 'different', 'its logs are still being compared')
      return
    }
    if (verdict.is === 'unsteady') {
      counts.audit_unsteady++
      rests.rest(suspect.asset)
      await this.#note(suspect, 'unsteady', 'the node did not say the same twice')
      return
    }
    if (verdict.is === 'odd') {
      // A node's index said that no log is missing, but logs are known to be missing: all blocks are fetched again first.
      if (isShort && !verdict.proven) rests.pause(suspect.asset)
      else await this.#turn(suspect)
      return
    }
    rests.forget(suspect.asset)
    if (verdict.is === 'repaired') {
      counts.audit_repaired++
      const says = `${verdict.transfers} transfers that were missing or wrong were fetched again, in blocks ${verdict.blocks.slice(0, 10).join(', ')}`
      await this.#note(suspect, 'repaired', says)
    }
  }

  async #turn(suspect: Suspicion): Promise<void> {
    const { counts, journal, rests } = this.#parts
    const outcome = await journal.reclassify(suspect)
    if (outcome === 'turned') {
      counts.audit_turned++
      await this.#note(suspect, 'turned', 'all its logs are there, and they do not explain what the chain says')
    } else if (outcome === 'fixed') {
      rests.rest(suspect.asset)
      await this.#note(suspect, 'different', 'its logs do not explain what the chain says; its class is fixed')
    }
  }

  async #note(suspect: Suspicion, what: Finding['what'], says: string): Promise<void> {
    const { journal, log } = this.#parts
    const { asset, block, evidence } = suspect
    const amounts = { journal_says: evidence.journal?.toString(), chain_says: evidence.chain.toString() }
    const who = { token: assetKey(asset), account: evidence.account ?? 'supply', item: evidence.item }
    log('warn', `audit: ${what}: ${says}`, { ...who, reason: suspect.reason, block: block.number, ...amounts })
    await journal.audits.note({ what, asset, block: block.number, ...evidence, says })
  }
}
