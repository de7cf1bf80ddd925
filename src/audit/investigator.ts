import { setImmediate as nextTick } from 'node:timers/promises'
import type { BalanceRead } from '../chains/adapter.ts'
import { type AssetRef, NO_ITEM } from '../core/asset.ts'
import type { BalanceKey, Observation } from '../core/balance.ts'
import type { BlockRef } from '../core/block.ts'
import { isCallError, isServiceError } from '../core/errors.ts'
import type { Evidence, ReclassifyReason } from '../store/seam/audits.ts'
import { type Agreement, findDivergence, type Steadiness, steadinessOf } from './find-divergence.ts'
import { type RefetchDeps, Refetcher, type Repairs } from './refetch-logs.ts'
import type { StateWindow } from './state-window.ts'

/**
 * Most first differing blocks that are searched and fetched, one after the other, before all logs of the pair are
 * fetched.
 */
const MAX_DIVERGENCES = 8
/** Number of greatest holders that are compared if a supply differs. */
const HOLDERS_LOOKED_AT = 200

/**
 * A difference to investigate: the chain has an amount that the journal does not have, of an account or of a whole
 * token.
 */
export type Investigation = {
  readonly reason: ReclassifyReason
  readonly asset: AssetRef
  readonly block: BlockRef
  readonly evidence: Evidence
}

type PairInvestigation = Investigation & { readonly key: BalanceKey }

/**
 * The result of an investigation.
 * - `gone`: the difference no longer exists, or its block was replaced.
 * - `unsteady`: repeated reads return different amounts.
 * - `unanswered`: no node could answer.
 * - `unfinished`: there are more logs to fetch than one investigation may.
 * - `odd`: all logs are there, and they do not explain the amount. `proven`: receipts prove this, not only a node's
 *   index of logs.
 * - `repaired`: transfers were missing or wrong, and are corrected.
 */
export type InvestigationResult =
  | { readonly is: 'gone' | 'unsteady' | 'unanswered' | 'unfinished' }
  | { readonly is: 'odd'; readonly proven: boolean }
  | ({ readonly is: 'repaired' } & Repairs)

/** The dependencies of an `Investigator`. */
export type InvestigatorDeps = RefetchDeps & {
  /** The zero address, if the kind of chain has one. */
  readonly zeroAddress: string | undefined
  readonly window: StateWindow
}

/**
 * Investigates differences, one at a time: reads again, finds the first block at which chain and journal differ, and
 * fetches logs that may be missing.
 */
export class Investigator {
  readonly #deps: InvestigatorDeps
  readonly #refetcher: Refetcher

  constructor(deps: InvestigatorDeps) {
    this.#deps = deps
    this.#refetcher = new Refetcher(deps)
  }

  /** @throws NODE_*, BLOCK_CONFLICT nothing is decided; STORE_UNAVAILABLE, LEASE_LOST */
  async investigate(investigation: Investigation, signal: AbortSignal): Promise<InvestigationResult> {
    this.#refetcher.takeRepairs()
    const { account, item } = investigation.evidence
    if (account === undefined) return this.#supply(investigation, signal)
    return this.#balance({ ...investigation, key: { account, asset: investigation.asset, item } }, signal)
  }

  async #balance(investigation: PairInvestigation, signal: AbortSignal): Promise<InvestigationResult> {
    const { key, block, evidence } = investigation
    const steadiness = await this.#steadiness(investigation, signal)
    if (steadiness !== 'steady') return { is: steadiness }
    const read: Observation = { ...key, amount: evidence.chain, block, observedAt: 0 }
    const byRange = investigation.reason === 'range'
    const { journal } = this.#deps
    const differs = async (): Promise<boolean> =>
      byRange
        ? !(await journal.audits.expected(key, block.number)).whole
        : (await journal.adopt([read]))[0]?.outcome === 'different'
    if (!(await differs())) return { is: 'gone' }
    for (let round = 0; round < MAX_DIVERGENCES; round++) {
      const divergence = await this.#divergence(investigation, signal)
      if (divergence === undefined) break
      const { transfers, proven } = await this.#refetcher.fetchBlocks([divergence], signal)
      if (transfers === 0) return this.#repairedOr({ is: 'odd', proven })
      if (!(await differs())) return this.#repairedOr({ is: 'gone' })
    }
    const logs = { asset: key.asset, account: key.account, last: block.number }
    if (!(await this.#refetcher.compareAll(logs, signal))) return this.#repairedOr({ is: 'unfinished' })
    return this.#repairedOr((await differs()) ? { is: 'odd', proven: false } : { is: 'gone' })
  }

  /** Returns the repairs made on the way, if any, else `otherwise`. After a repair, the next round compares again. */
  #repairedOr(otherwise: InvestigationResult): InvestigationResult {
    const repairs = this.#refetcher.takeRepairs()
    return repairs.transfers === 0 ? otherwise : { is: 'repaired', ...repairs }
  }

  /** Reads the amount again: by hash, by number, and from another node if there is one. */
  async #steadiness({ key, block, evidence }: PairInvestigation, signal: AbortSignal): Promise<Steadiness> {
    const { adapter } = this.#deps
    const request = { keys: [key], at: block }
    const own: (BalanceRead | undefined)[] = []
    for (const ask of [{}, { ask: 'by_number' }] as const) {
      own.push((await adapter.readBalances({ ...request, ...ask }, signal)).reads[0])
    }
    const other = await askOtherNode(signal, () => adapter.readBalances({ ...request, ask: 'another_node' }, signal))
    return steadinessOf({ own, other: other?.reads[0] }, evidence.chain)
  }

  /**
   * The first block at whose end chain and journal differ; undefined if it cannot be found, for example because no node
   * has state that old.
   */
  async #divergence({ reason, key, block: head }: PairInvestigation, signal: AbortSignal): Promise<number | undefined> {
    const { coverage, journal, window } = this.#deps
    let last: number | undefined = head.number
    if (reason === 'range') {
      // From its read on, a reopened balance agrees with the chain by construction. So search only up to the block
      // where the events alone leave the range. If coverage begins later, every opening is itself a read: there is
      // nothing to search.
      last = coverage.from > 0 ? undefined : (await journal.audits.expected(key, head.number)).contradicted
    }
    if (last === undefined) return undefined
    return findDivergence({ first: coverage.from, last, whole: coverage.from === 0 }, async (number) =>
      window.reaches(number, head) ? this.#agreement(key, number, signal) : 'unknown',
    )
  }

  /** Compares chain and journal at the end of a block. */
  async #agreement(key: BalanceKey, number: number, signal: AbortSignal): Promise<Agreement> {
    const { adapter, journal, window } = this.#deps
    const { amount: ours } = await journal.audits.expected(key, number)
    const [at] = await adapter.headers({ first: number, last: number }, signal)
    if (at === undefined || ours === undefined) return 'unknown'
    const [read] = (await adapter.readBalances({ keys: [key], at }, signal)).reads
    if (read?.ok === true) return ours === read.amount ? 'equal' : 'different'
    if (read?.reason === 'no_archive') window.failed()
    // Before the contract exists, all its balances are zero.
    return read?.reason === 'not_a_token' && ours === 0n ? 'equal' : 'unknown'
  }

  async #supply(investigation: Investigation, signal: AbortSignal): Promise<InvestigationResult> {
    const { asset, block, evidence } = investigation
    const again = await this.supplyAt(asset, { at: block }, signal)
    if (again === undefined) return { is: 'unanswered' }
    if (!again.includes(evidence.chain)) return { is: 'unsteady' }
    if (evidence.journal !== undefined && again.includes(evidence.journal)) return { is: 'gone' }
    const other = await askOtherNode(signal, () => this.supplyAt(asset, { at: block, ask: 'another_node' }, signal))
    if (other !== undefined && !other.includes(evidence.chain)) return { is: 'unsteady' }
    const pair = await this.#differingHolder(investigation, signal)
    if (pair !== undefined) return this.#balance(pair, signal)
    const divergence = await this.#supplyDivergence(investigation, signal)
    if (divergence !== undefined) {
      const { proven } = await this.#refetcher.fetchBlocks([divergence], signal)
      return this.#repairedOr({ is: 'odd', proven })
    }
    const complete = await this.#refetcher.compareAll({ asset, account: undefined, last: block.number }, signal)
    return this.#repairedOr(complete ? { is: 'odd', proven: false } : { is: 'unfinished' })
  }

  /** Finds one of the greatest holders with a different balance on the chain: a balance proves more than a total. */
  async #differingHolder({ asset, block }: Investigation, signal: AbortSignal): Promise<PairInvestigation | undefined> {
    const { adapter, journal, reads } = this.#deps
    await nextTick()
    const { rows } = await reads.holders({ asset, offset: 0, limit: HOLDERS_LOOKED_AT })
    const keys = rows.map(({ account }) => ({ account, asset, item: NO_ITEM }))
    const answers = keys.length === 0 ? [] : (await adapter.readBalances({ keys, at: block }, signal)).reads
    const observed = keys.flatMap((key, index): Observation[] => {
      const answer = answers[index]
      return answer?.ok === true ? [{ ...key, amount: answer.amount, block, observedAt: 0 }] : []
    })
    for (const [index, result] of (await journal.adopt(observed)).entries()) {
      const read = observed[index]
      if (result.outcome !== 'different' || read === undefined) continue
      const { account, item, amount } = read
      const evidence: Evidence = { account, item, journal: result.journal, chain: amount }
      return { reason: 'balance', asset, block, evidence, key: read }
    }
    return undefined
  }

  /**
   * The first block at whose end a token's supply differs from its mints and burns; undefined if it cannot be found
   * this way.
   */
  async #supplyDivergence({ asset, block: head }: Investigation, signal: AbortSignal): Promise<number | undefined> {
    const { coverage, window } = this.#deps
    return findDivergence({ first: coverage.from, last: head.number, whole: coverage.from === 0 }, async (number) =>
      window.reaches(number, head) ? this.#supplyAgreement(asset, number, signal) : 'unknown',
    )
  }

  async #supplyAgreement(asset: AssetRef, number: number, signal: AbortSignal): Promise<Agreement> {
    const { adapter, journal, zeroAddress, window } = this.#deps
    const [ours] = (await journal.audits.supplies([asset], number)).supplies
    if (ours === undefined) return 'unknown'
    const [at] = await adapter.headers({ first: number, last: number }, signal)
    if (at === undefined) return 'unknown'
    try {
      const chain = await this.supplyAt(asset, { at }, signal)
      if (chain !== undefined) return chain.includes(ours) ? 'equal' : 'different'
      if (zeroAddress === undefined || ours !== 0n) return 'unknown'
      // Before the contract exists, its supply is zero.
      const key = { account: zeroAddress, asset, item: NO_ITEM }
      const [read] = (await adapter.readBalances({ keys: [key], at }, signal)).reads
      return read?.ok === false && read.reason === 'not_a_token' ? 'equal' : 'unknown'
    } catch (error) {
      if (!isCallError(error)) throw error
      window.failed()
      return 'unknown'
    }
  }

  /**
   * Reads a token's total supply at a block. Returns the total, and the total without the zero address's balance, which
   * some tokens count. Undefined if the token does not report it.
   */
  async supplyAt(
    asset: AssetRef,
    how: { readonly at: BlockRef; readonly ask?: 'another_node' },
    signal: AbortSignal,
  ): Promise<readonly bigint[] | undefined> {
    const { adapter, zeroAddress } = this.#deps
    const [facts] = (await adapter.readTokens([asset], signal, how)).facts
    if (facts?.totalSupply === undefined) return undefined
    if (zeroAddress === undefined) return [facts.totalSupply]
    const key = { account: zeroAddress, asset, item: NO_ITEM }
    const [lost] = (await adapter.readBalances({ keys: [key], ...how }, signal)).reads
    return lost?.ok === true ? [facts.totalSupply, facts.totalSupply - lost.amount] : [facts.totalSupply]
  }
}

/** Returns what another node answers; undefined if it cannot answer. @throws any error that is not a node's failure */
export async function askOtherNode<T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (!isServiceError(error) || signal.aborted) throw error
    return undefined
  }
}
