import type { BalanceRead } from '../chains/adapter.ts'
import { type AssetRef, assetKey, NO_ITEM } from '../core/asset.ts'
import type { BalanceKey, Observation } from '../core/balance.ts'
import type { BlockRef, Header } from '../core/block.ts'
import { COMPARED_STANDARDS } from '../core/standards.ts'
import type { Adopted } from '../indexer/adopt-observations.ts'
import type { AdoptionResult } from '../store/seam/audits.ts'
import type { AuditCounts } from './audit-counts.ts'
import type { Investigations } from './investigations.ts'
import type { Investigator, InvestigatorDeps } from './investigator.ts'
import { readability } from './readability.ts'

/** Most tokens in one comparison of supplies. */
const MAX_SUPPLIES = 50

/** The dependencies of a `Comparer`. */
export type ComparerDeps = InvestigatorDeps & {
  readonly investigator: Investigator
  readonly investigations: Investigations
  readonly counts: AuditCounts
}

/**
 * The result of comparing balances. `answers`: in the order of the keys. `equal`: reads that equal the journal's
 * amount.
 */
export type Compared = {
  readonly answers: readonly (BalanceRead | undefined)[]
  readonly equal: readonly Observation[]
}

/** The result of comparing supplies: the tokens whose supply at the block equals the journal's. */
export type ComparedSupplies = { readonly block: BlockRef; readonly equal: readonly AssetRef[] }

/** Compares the chain's amounts with the journal's, and queues an investigation for each difference. */
export class Comparer {
  readonly #deps: ComparerDeps

  constructor(deps: ComparerDeps) {
    this.#deps = deps
  }

  /** Reads balances at a block and compares them with the journal. @throws NODE_*, STORE_UNAVAILABLE, LEASE_LOST */
  async balances(keys: readonly BalanceKey[], head: Header, signal: AbortSignal): Promise<Compared> {
    const { adapter, counts, journal, reads, window } = this.#deps
    const [probe] = keys
    if (probe === undefined) return { answers: [], equal: [] }
    await window.probe(probe, head, signal)
    const { reads: answers, observedAt } = await adapter.readBalances({ keys, at: head }, signal)
    const observed = keys.flatMap((key, index): Observation[] => {
      const answer = answers[index]
      return answer?.ok === true ? [{ ...key, amount: answer.amount, block: head, observedAt }] : []
    })
    counts.audit_unchecked += keys.length - observed.length
    await journal.audits.noteReadability({ block: head, ...readability(keys, answers) })
    const results = await journal.adopt(observed)
    const adopted = results.flatMap((result, index): Adopted[] => {
      const read = observed[index]
      return read === undefined ? [] : [{ read, result }]
    })
    this.adopted(adopted)
    const of = (outcome: AdoptionResult['outcome']): readonly Observation[] =>
      adopted.flatMap(({ read, result }) => (result.outcome === outcome ? [read] : []))
    // The journal has no amount to compare with, for example for a token of `reads`: store the read as an observation.
    const notCovered = of('not_covered')
    if (notCovered.length > 0) await reads.observations.put(notCovered)
    return { answers, equal: of('equal') }
  }

  /** Counts comparisons, and queues an investigation for each balance that differs or was reopened. */
  adopted(adopted: readonly Adopted[]): void {
    for (const { read, result } of adopted) this.#count(read, result)
  }

  /**
   * Queues reopened balances for investigation again: an earlier process may have ended before it investigated them.
   */
  async recall(keys: readonly BalanceKey[], head: Header): Promise<void> {
    const { journal } = this.#deps
    for (const { account, asset, item } of keys) {
      const { amount, whole } = await journal.audits.expected({ account, asset, item }, head.number)
      if (whole || amount === undefined) continue
      const evidence = { account, item, journal: undefined, chain: amount }
      this.#deps.investigations.add({ reason: 'range', asset, block: head, evidence })
    }
  }

  /**
   * Compares the supplies of some tokens at the last written block, and puts those that differ in doubt. Undefined if
   * there is nothing to compare.
   */
  async supplies(tokens: readonly AssetRef[], signal: AbortSignal): Promise<ComparedSupplies | undefined> {
    const { adapter, counts, investigator, journal, investigations } = this.#deps
    const all = [...new Map(tokens.map((asset) => [assetKey(asset), asset])).values()]
    const assets = all.filter(({ standard }) => COMPARED_STANDARDS.includes(standard)).slice(0, MAX_SUPPLIES)
    if (assets.length === 0) return undefined
    const { block, supplies } = await journal.audits.supplies(assets)
    const told = assets.filter((_, index) => supplies[index] !== undefined)
    if (told.length === 0) return undefined
    const { facts } = await adapter.readTokens(told, signal, { at: block })
    const equal: AssetRef[] = []
    for (const [index, asset] of told.entries()) {
      const ours = supplies[assets.indexOf(asset)]
      const chain = facts[index]?.totalSupply
      if (chain === undefined || ours === undefined) continue
      counts.audit_checked++
      if (chain === ours || (await investigator.supplyAt(asset, { at: block }, signal))?.includes(ours)) {
        counts.audit_equal++
        equal.push(asset)
        continue
      }
      counts.audit_different++
      await journal.doubts.refute([{ asset, account: undefined, item: NO_ITEM }])
      const evidence = { account: undefined, item: NO_ITEM, journal: ours, chain }
      investigations.add({ reason: 'supply', asset, block, evidence })
    }
    return { block, equal }
  }

  #count(read: Observation, { outcome, ...told }: AdoptionResult): void {
    const { counts, investigations } = this.#deps
    const { account, item, asset, block, amount } = read
    if (['not_covered', 'not_canonical', 'forgotten'].includes(outcome)) return
    counts.audit_checked++
    if (outcome === 'equal') counts.audit_equal++
    if (outcome === 'adopted' || outcome === 'reopened') counts.audit_adopted++
    if (outcome === 'different') counts.audit_different++
    if (outcome !== 'reopened' && outcome !== 'different') return
    const journal = 'journal' in told ? told.journal : undefined
    const reason = outcome === 'reopened' ? 'range' : 'balance'
    investigations.add({ reason, asset, block, evidence: { account, item, journal, chain: amount } })
  }
}
