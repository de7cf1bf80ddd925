import { assetKey } from '../core/asset.ts'
import { isServiceError } from '../core/errors.ts'
import type { Finding } from '../store/seam/audits.ts'
import type { Journal } from '../store/seam/store.ts'
import type { AuditCounts } from './audit-counts.ts'
import type { CoolDowns } from './cool-downs.ts'
import type { Investigations } from './investigations.ts'
import type { Investigation, InvestigationResult, Investigator } from './investigator.ts'

/** The dependencies of `Conclusions`. */
export type ConcludeDeps = {
  readonly journal: Journal
  readonly log: (level: 'info' | 'warn', message: string, fields: Readonly<Record<string, unknown>>) => void
  readonly investigator: Investigator
  readonly investigations: Investigations
  /** Tokens whose last investigation changed nothing. */
  readonly coolDowns: CoolDowns
  readonly counts: AuditCounts
}

/** Investigates differences and acts on the results: records findings, and reclassifies tokens to `reads`. */
export class Conclusions {
  readonly #deps: ConcludeDeps

  constructor(deps: ConcludeDeps) {
    this.#deps = deps
  }

  /**
   * Investigates the oldest differences in the queue. `isShort`: a node is known to omit logs and not all blocks were
   * fetched again, so only receipts prove that logs are complete.
   * @throws STORE_UNAVAILABLE, LEASE_LOST
   */
  async investigate(how: { readonly limit: number; readonly isShort: boolean }, signal: AbortSignal): Promise<void> {
    for (const investigation of this.#deps.investigations.take(how.limit)) {
      let result: InvestigationResult
      try {
        result = await this.#deps.investigator.investigate(investigation, signal)
      } catch (error) {
        if (!isServiceError(error) || signal.aborted) throw error
        result = { is: 'unanswered' }
      }
      await this.#conclude(investigation, result, how.isShort)
    }
  }

  async #conclude(investigation: Investigation, result: InvestigationResult, isShort: boolean): Promise<void> {
    const { counts, coolDowns } = this.#deps
    if (result.is === 'unanswered') {
      // This says nothing about the token: the next comparison finds the difference again.
      counts.audit_failed++
      coolDowns.pause(investigation.asset)
      return
    }
    if (result.is === 'unfinished') {
      coolDowns.pause(investigation.asset)
      await this.#note(investigation, 'different', 'its logs are still being compared')
      return
    }
    if (result.is === 'unsteady') {
      counts.audit_unsteady++
      coolDowns.start(investigation.asset)
      await this.#note(investigation, 'unsteady', 'repeated reads did not return the same amount')
      return
    }
    if (result.is === 'odd') {
      // The node's index shows no missing log, but logs are known to be missing: first all blocks are fetched again.
      if (isShort && !result.proven) coolDowns.pause(investigation.asset)
      else await this.#reclassify(investigation)
      return
    }
    coolDowns.forget(investigation.asset)
    if (result.is === 'repaired') {
      counts.audit_repaired++
      const says = `${result.transfers} missing or wrong transfers were corrected, in blocks ${result.blocks.slice(0, 10).join(', ')}`
      await this.#note(investigation, 'repaired', says)
    }
  }

  async #reclassify(investigation: Investigation): Promise<void> {
    const { counts, journal, coolDowns } = this.#deps
    const outcome = await journal.reclassify(investigation)
    if (outcome === 'reclassified') {
      counts.audit_turned++
      await this.#note(investigation, 'turned', 'its logs are complete and do not explain the amount on the chain')
    } else if (outcome === 'fixed') {
      coolDowns.start(investigation.asset)
      await this.#note(
        investigation,
        'different',
        'its logs do not explain the amount on the chain; the configuration sets its accounting',
      )
    }
  }

  async #note(investigation: Investigation, what: Finding['what'], says: string): Promise<void> {
    const { journal, log } = this.#deps
    const { asset, block, evidence } = investigation
    const amounts = { journal_says: evidence.journal?.toString(), chain_says: evidence.chain.toString() }
    const who = { token: assetKey(asset), account: evidence.account ?? 'supply', item: evidence.item }
    log('warn', `audit: ${what}: ${says}`, { ...who, reason: investigation.reason, block: block.number, ...amounts })
    await journal.audits.note({ what, asset, block: block.number, ...evidence, says })
  }
}
