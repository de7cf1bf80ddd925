import { assetKey } from '../core/asset.ts'
import type { BlockTransfers } from '../core/transfer.ts'
import type { DecidedLate } from '../store/seam/audits.ts'
import type { AuditCounts } from './audit-counts.ts'
import { CoolDowns } from './cool-downs.ts'
import type { RefetchDeps, Refetcher } from './refetch-logs.ts'

/** Blocks that are fetched again at a time: each pair's sums are recomputed once for all of them. */
const BLOCKS_AT_A_TIME = 64

/** The dependencies of `LateDecisions`. */
export type LateDecisionsDeps = RefetchDeps & {
  readonly log: (level: 'info' | 'warn', message: string, fields: Readonly<Record<string, unknown>>) => void
  readonly counts: Pick<AuditCounts, 'audit_refetched'>
}

/**
 * Corrects the history of contracts whose standard was decided late. Until then, their transfers are stored under one of
 * the standards that they may be of, and hints make them known by reads under each. Once the contract is decided, the
 * blocks of those transfers and hints are fetched again: all transfers are of one standard then, and the contract is no
 * longer known under the other.
 */
export class LateDecisions {
  readonly #deps: LateDecisionsDeps
  readonly #refetcher: Refetcher
  /** Contracts that are not decided, or whose blocks were all fetched again without deciding them. */
  readonly #coolDowns = new CoolDowns()
  /** Contracts up to this id had their turn. */
  #after = 0
  /** The last block that was fetched again, by asset. */
  readonly #fetched = new Map<string, number>()

  constructor(deps: LateDecisionsDeps, refetcher: Refetcher) {
    this.#deps = deps
    this.#refetcher = refetcher
  }

  /** Fetches some blocks again, up to a monotonic time. @throws NODE_*, BLOCK_CONFLICT, STORE_UNAVAILABLE, LEASE_LOST */
  async fetch(until: number, signal: AbortSignal): Promise<void> {
    const { journal, now } = this.#deps
    this.#coolDowns.nextRound()
    let page = await journal.audits.decidedLate(this.#after)
    if (page.length === 0 && this.#after > 0) page = await journal.audits.decidedLate(0)
    for (const late of page) {
      let isOpen = !this.#coolDowns.isCoolingDown(late.asset)
      while (isOpen) {
        if (now() >= until || signal.aborted) return
        isOpen = await this.#fetchSome(late, signal)
      }
      this.#after = late.id
    }
  }

  /** Fetches the next blocks of a contract again. Returns false if there are none. */
  async #fetchSome(late: DecidedLate, signal: AbortSignal): Promise<boolean> {
    const { counts, journal } = this.#deps
    const { asset } = late
    const name = assetKey(asset)
    const after = this.#fetched.get(name) ?? -1
    const numbers = await journal.audits.blocksOf(asset, after, BLOCKS_AT_A_TIME)
    const [first, last] = [numbers[0], numbers.at(-1)]
    if (first === undefined || last === undefined) {
      this.#fetched.delete(name)
      this.#coolDowns.start(asset)
      return false
    }
    const isDecided = await this.#isDecided(late, signal)
    const isClear = isDecided && (await this.#isClear(late, first, signal))
    if (!isClear) {
      this.#coolDowns.start(asset)
      // Contracts with transfers of two standards look the same: one look at a time costs little.
      if (isDecided) this.#fetched.set(name, last)
      return false
    }
    const { transfers } = await this.#refetcher.fetchBlocks(numbers, signal, 'redecoded')
    this.#refetcher.takeRepairs()
    this.#fetched.set(name, last)
    counts.audit_refetched += transfers
    if (transfers > 0) await this.#note(late, { transfers, last })
    return true
  }

  /**
   * True if the adapter still knows what the contract is. After a restart it asks the contract for the numbers of the
   * block that it is shown first, so it is shown the one where the contract was decided.
   */
  async #isDecided({ decided, decidedAt }: DecidedLate, signal: AbortSignal): Promise<boolean> {
    const { transfers, hints } = await this.#decoded(decidedAt, signal)
    const isUnclear = hints.some(({ asset, reason }) => {
      return reason === 'undecodable' && asset.reference === decided.reference
    })
    return !isUnclear && transfers.some(({ asset }) => assetKey(asset) === assetKey(decided))
  }

  /** True if a block that was stored with transfers of an asset, or hints about it, has neither any more. */
  async #isClear({ asset }: DecidedLate, number: number, signal: AbortSignal): Promise<boolean> {
    const { transfers, hints } = await this.#decoded(number, signal)
    return ![...transfers, ...hints].some((one) => assetKey(one.asset) === assetKey(asset))
  }

  async #decoded(number: number, signal: AbortSignal): Promise<Required<Pick<BlockTransfers, 'transfers' | 'hints'>>> {
    const { adapter, coverage } = this.#deps
    const headers = await adapter.headers({ first: number, last: number }, signal)
    const blocks = await adapter.transfersOf({ headers, scope: coverage.scope }, signal)
    return {
      transfers: blocks.flatMap(({ transfers }) => transfers),
      hints: blocks.flatMap(({ hints = [] }) => hints),
    }
  }

  async #note(
    { asset, decided }: DecidedLate,
    { transfers, last }: { readonly transfers: number; readonly last: number },
  ): Promise<void> {
    const { journal, log } = this.#deps
    // Each one is removed, and added under the other standard.
    const says = `${Math.ceil(transfers / 2)} earlier transfers of this contract are now of ${assetKey(decided)}`
    log('info', `audit: repaired: ${says}`, { token: assetKey(asset), block: last })
    const unknown = { account: undefined, item: '', journal: undefined, chain: undefined }
    await journal.audits.note({ what: 'repaired', asset, block: last, ...unknown, says })
  }
}
