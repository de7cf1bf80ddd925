import type { BalanceRead } from '../chains/adapter.ts'
import { NO_ITEM } from '../core/asset.ts'
import type { BalanceKey, Observation } from '../core/balance.ts'
import type { Header } from '../core/block.ts'
import { isServiceError } from '../core/errors.ts'
import type { DoubtPage, DoubtWork } from '../store/seam/doubts.ts'
import type { Compared, Comparer, ComparerDeps } from './comparer.ts'
import type { FailingTokens } from './failing-tokens.ts'
import { askOtherNode } from './investigator.ts'
import { LateDecisions, type LateDecisionsDeps } from './late-decisions.ts'
import { Refetcher } from './refetch-logs.ts'

/** Balances in doubt that a round reads again: as many as one multicall carries. */
const KEYS_A_ROUND = 200
/** Blocks that are fetched again at a time: each pair's sums are recomputed once for all of them. */
const BLOCKS_AT_A_TIME = 64
/** How long a round fetches blocks again, in milliseconds: new heads wait meanwhile. */
const REFETCH_MS = 2_000

/** The dependencies of a `DoubtResolver`. */
export type DoubtResolverDeps = ComparerDeps &
  LateDecisionsDeps & { readonly comparer: Comparer; readonly failing: FailingTokens }

/**
 * Works on what is in doubt until all doubts are resolved. It reads the balances and supplies again at the newest head,
 * and resolves the doubt if chain and journal agree, and also a second node if there is one. Where logs were proven
 * missing, it fetches all blocks of the coverage again by their receipts, some at a time.
 */
export class DoubtResolver {
  readonly #deps: DoubtResolverDeps
  readonly #refetcher: Refetcher
  readonly #late: LateDecisions
  #cursor = ''

  constructor(deps: DoubtResolverDeps) {
    this.#deps = deps
    this.#refetcher = new Refetcher(deps)
    this.#late = new LateDecisions(deps, this.#refetcher)
  }

  /** Compares what is in doubt with the chain at a head. @throws NODE_*, STORE_UNAVAILABLE, LEASE_LOST */
  async compare(head: Header, signal: AbortSignal): Promise<void> {
    const { failing, journal } = this.#deps
    const page = await journal.doubts.next(this.#cursor, KEYS_A_ROUND)
    this.#cursor = page.cursor
    const failure = await failing.run(page.keys, (keys) => this.#balances(keys, head, signal), signal)
    await this.#supplies(page, signal)
    await this.#classes(page, head, signal)
    if (failure !== undefined) throw failure
  }

  /**
   * Fetches the next blocks that must be fetched again, after those of contracts that were decided late.
   * @throws NODE_*, BLOCK_CONFLICT, STORE_UNAVAILABLE
   */
  async refetch({ refetching }: DoubtWork, signal: AbortSignal): Promise<void> {
    const { counts, journal, now, reads } = this.#deps
    const until = now() + REFETCH_MS
    await this.#late.fetch(until, signal)
    for (let first = refetching; first !== undefined && now() < until && !signal.aborted; ) {
      const { published } = await reads.clock()
      if (published === undefined || published.number < first) return
      const last = Math.min(published.number, first + BLOCKS_AT_A_TIME - 1)
      const { transfers } = await this.#refetcher.fetchRange({ first, last }, signal)
      counts.audit_refetched += transfers
      await journal.doubts.refetched(last)
      first = last < published.number ? last + 1 : undefined
    }
  }

  async #balances(keys: readonly BalanceKey[], head: Header, signal: AbortSignal): Promise<void> {
    const { comparer, journal } = this.#deps
    const compared = await comparer.balances(keys, head, signal)
    const equal = [...compared.equal, ...(await this.#neverThere(keys, compared, head))]
    if (equal.length === 0) return
    const other = await this.#otherNode(equal, head, signal)
    const settled = equal.filter(({ amount }, index) => isNoContradiction(other[index], amount))
    await journal.doubts.resolve({ block: head, keys: settled, supplies: [] })
  }

  /** Balances of tokens that have no contract at this head, if the journal has zero too. */
  async #neverThere(
    keys: readonly BalanceKey[],
    { answers }: Compared,
    head: Header,
  ): Promise<readonly (BalanceKey & { readonly amount: bigint })[]> {
    const absent: (BalanceKey & { amount: bigint })[] = []
    for (const [index, key] of keys.entries()) {
      const answer = answers[index]
      if (answer === undefined || answer.ok || answer.reason !== 'not_a_token') continue
      const { amount, whole } = await this.#deps.journal.audits.expected(key, head.number)
      if (amount === 0n && whole) absent.push({ ...key, amount })
    }
    return absent
  }

  async #otherNode(
    keys: readonly (BalanceKey | Observation)[],
    at: Header,
    signal: AbortSignal,
  ): Promise<readonly (BalanceRead | undefined)[]> {
    const { adapter } = this.#deps
    return (
      (await askOtherNode(signal, () => adapter.readBalances({ keys, at, ask: 'another_node' }, signal)))?.reads ?? []
    )
  }

  async #supplies({ supplies }: DoubtPage, signal: AbortSignal): Promise<void> {
    const { comparer, investigator, journal } = this.#deps
    const compared = await comparer.supplies(supplies, signal)
    if (compared === undefined) return
    const { block } = compared
    for (const asset of compared.equal) {
      const [ours] = (await journal.audits.supplies([asset], block.number)).supplies
      const how = { at: block, ask: 'another_node' } as const
      const other = await askOtherNode(signal, () => investigator.supplyAt(asset, how, signal))
      if (ours === undefined || (other !== undefined && !other.includes(ours))) continue
      await journal.doubts.resolve({ block, keys: [], supplies: [asset] })
    }
  }

  /**
   * Checks whether contracts existed before a reorg removed their first transfers. A token stays reclassified without
   * that transfer, but not without its code.
   */
  async #classes({ unsure: classes }: DoubtPage, head: Header, signal: AbortSignal): Promise<void> {
    const { adapter, journal, zeroAddress } = this.#deps
    for (const { asset, account = zeroAddress, at } of classes) {
      if (account === undefined) continue
      try {
        const [header] = await adapter.headers({ first: at, last: at }, signal)
        if (header === undefined) continue
        const key = { account, asset, item: NO_ITEM }
        const [read] = (await adapter.readBalances({ keys: [key], at: header }, signal)).reads
        // If no node has state that old, nobody can check it: the token stays reclassified.
        if (read === undefined || (!read.ok && read.reason === 'node_unavailable')) continue
        const stays = read.ok || read.reason !== 'not_a_token'
        await journal.doubts.resolve({ block: head, keys: [], supplies: [], classes: [{ asset, stays }] })
      } catch (error) {
        if (!isServiceError(error) || signal.aborted) throw error
      }
    }
  }
}

/** True unless the node answered with another amount. No contract counts as zero. */
function isNoContradiction(answer: BalanceRead | undefined, amount: bigint): boolean {
  if (answer?.ok === true) return answer.amount === amount
  return answer === undefined || answer.reason !== 'not_a_token' || amount === 0n
}
