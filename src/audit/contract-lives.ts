import { setImmediate as nextTick } from 'node:timers/promises'
import type { BalanceRead } from '../chains/adapter.ts'
import { type AssetRef, NO_ITEM } from '../core/asset.ts'
import { type BalanceKey, isNodeFailure, isReadable } from '../core/balance.ts'
import type { BlockRef, Header } from '../core/block.ts'
import { isServiceError } from '../core/errors.ts'
import { STANDARD_RULES } from '../core/standards.ts'
import type { StoredAsset } from '../store/seam/store.ts'
import { type Agreement, findDivergence } from './find-divergence.ts'
import type { InvestigatorDeps } from './investigator.ts'

/**
 * Most contracts whose end is searched in one round: each takes about twenty reads. Later rounds find the others again.
 */
const MAX_ENDINGS = 5
/** Most destroyed contracts that one round reads again: as many as one multicall carries beside other reads. */
const MAX_REVISITED = 50
/**
 * Most blocks, counted from a lost branch, at which a contract's code is checked one by one. Reorgs are shorter, and
 * the audit is close to the head.
 */
const MAX_BLOCKS_ASKED = 64

/** The dependencies of `ContractLives`. */
export type ContractLifeDeps = Pick<
  InvestigatorDeps,
  'adapter' | 'coverage' | 'journal' | 'zeroAddress' | 'reads' | 'window'
> & {
  readonly log: (level: 'info' | 'warn' | 'error', message: string, fields: Readonly<Record<string, unknown>>) => void
}

/**
 * Detects contracts that were destroyed, and contracts deployed again at such an address. The events of a destroyed
 * contract prove nothing from the block at which its code disappeared. A binary search finds that block, as far back as
 * the nodes have state.
 */
export class ContractLives {
  readonly #deps: ContractLifeDeps
  /** Cursor of `revisit`: the asset id after which it continues. */
  #cursor = 0

  constructor(deps: ContractLifeDeps) {
    this.#deps = deps
  }

  /**
   * Records contracts that were destroyed or deployed again, according to reads at a head. If nodes fail, later reads
   * find the same contracts again.
   * @throws STORE_UNAVAILABLE, LEASE_LOST
   */
  async look(
    { keys, answers }: { readonly keys: readonly BalanceKey[]; readonly answers: readonly (BalanceRead | undefined)[] },
    head: Header,
    signal: AbortSignal,
  ): Promise<void> {
    const [without, withCode] = [new Map<string, BalanceKey>(), new Map<string, AssetRef>()]
    for (const [index, key] of keys.entries()) {
      const answer = answers[index]
      if (!STANDARD_RULES[key.asset.standard].isToken || answer === undefined) continue
      if (hasCode(answer)) withCode.set(key.asset.reference, key.asset)
      else if (isWithoutCode(answer)) without.set(key.asset.reference, key)
    }
    for (const [reference, asset] of withCode) await this.#again(reference, asset, head)
    let left = MAX_ENDINGS
    for (const key of without.values()) {
      const stored = await this.#deps.reads.asset(key.asset)
      if (stored === undefined || stored.isGone || !(await this.#wasThere(stored, head)) || left-- <= 0) continue
      await this.#ended({ key, firstBlock: stored.firstBlock }, head, signal)
    }
  }

  /**
   * True if our blocks up to the head show that the contract existed. A reorg may have removed all transfers of a token
   * that is not deployed on this branch, or not yet: that is no end.
   */
  async #wasThere({ asset, firstBlock }: StoredAsset, head: Header): Promise<boolean> {
    if (firstBlock !== undefined) return firstBlock <= head.number
    await nextTick()
    return (await this.#deps.reads.holders({ asset, offset: 0, limit: 1 })).rows.length > 0
  }

  /**
   * Checks whether some destroyed contracts have code again, and whether those whose end was on a lost branch kept
   * their code.
   * @throws NODE_*, STORE_UNAVAILABLE, LEASE_LOST
   */
  async revisit(head: Header, signal: AbortSignal): Promise<void> {
    const { adapter, journal, zeroAddress } = this.#deps
    const open = await journal.lives.open({ after: this.#cursor, limit: MAX_REVISITED })
    this.#cursor = open.length < MAX_REVISITED ? 0 : (open.at(-1)?.id ?? 0)
    const all = open.map(({ asset, since }) => ({ since, key: codeKey(asset, zeroAddress) }))
    const readable = all.filter(({ key }) => isReadable(key))
    const keys = readable.map(({ key }) => key)
    if (keys.length === 0) return
    const { reads: answers } = await adapter.readBalances({ keys, at: head }, signal)
    await this.look({ keys, answers }, head, signal)
    for (const [index, { key, since }] of readable.entries()) {
      if (since === undefined || !hasCode(answers[index])) continue
      if (await this.#stood(key, { since, head }, signal)) {
        await journal.lives.confirmAlive({ reference: key.asset.reference, seen: head })
      }
    }
  }

  /** True if a contract has code at the end of each block from `since` on. False if that takes too many reads. */
  async #stood(
    key: BalanceKey,
    { since, head }: { readonly since: number; readonly head: Header },
    signal: AbortSignal,
  ): Promise<boolean> {
    if (head.number - since >= MAX_BLOCKS_ASKED) return false
    for (let number = since; number < head.number; number++) {
      if (!hasCode((await this.#codeAt(key, number, signal)).answer)) return false
    }
    return true
  }

  async #again(reference: string, asset: AssetRef, seen: BlockRef): Promise<void> {
    const { journal, log, reads } = this.#deps
    if ((await reads.asset(asset))?.isGone !== true) return
    if (!(await journal.lives.recordNewCode({ reference, seen }))) return
    await reads.tokens.expire(reference)
    log('warn', 'a destroyed contract has code again: its balances are now known by reads', {
      token: reference,
      block: seen.number,
    })
  }

  async #ended(
    { key, firstBlock }: { readonly key: BalanceKey; readonly firstBlock: number | undefined },
    head: Header,
    signal: AbortSignal,
  ): Promise<void> {
    const { journal, log, reads } = this.#deps
    const { reference } = key.asset
    try {
      if (!(await this.#isConfirmed(key, head, signal))) return
      const block = await this.#endOf({ key, firstBlock }, head, signal)
      if (!(await journal.lives.recordEnd({ reference, block, seen: head }))) return
      await reads.tokens.expire(reference)
      log('warn', 'a contract was destroyed: from this block on, its events prove nothing', {
        token: reference,
        block: block.number,
      })
    } catch (error) {
      if (!isServiceError(error) || !error.code.startsWith('NODE_') || signal.aborted) throw error
    }
  }

  /** Checks that there is no code by block number either, nor on another node if one can answer. */
  async #isConfirmed(key: BalanceKey, head: Header, signal: AbortSignal): Promise<boolean> {
    const { adapter } = this.#deps
    const request = { keys: [key], at: head }
    const [own] = (await adapter.readBalances({ ...request, ask: 'by_number' }, signal)).reads
    if (!isWithoutCode(own)) return false
    try {
      const [other] = (await adapter.readBalances({ ...request, ask: 'another_node' }, signal)).reads
      return isWithoutCode(other) || (other?.ok === false && isNodeFailure(other.reason))
    } catch (error) {
      if (!isServiceError(error) || signal.aborted) throw error
      return true
    }
  }

  /** The first block at whose end there is known to be no code. */
  async #endOf(
    { key, firstBlock }: { readonly key: BalanceKey; readonly firstBlock: number | undefined },
    head: Header,
    signal: AbortSignal,
  ): Promise<BlockRef> {
    const { coverage, window } = this.#deps
    let end: BlockRef = head
    const agreementAt = async (number: number): Promise<Agreement> => {
      if (!window.reaches(number, head)) return 'unknown'
      const { block, answer } = await this.#codeAt(key, number, signal)
      if (block === undefined || (answer?.ok === false && isNodeFailure(answer.reason))) return 'unknown'
      if (!isWithoutCode(answer)) return 'equal'
      if (number < end.number) end = block
      return 'different'
    }
    await findDivergence({ first: firstBlock ?? coverage.from, last: head.number, whole: true }, agreementAt)
    return end
  }

  async #codeAt(key: BalanceKey, number: number, signal: AbortSignal) {
    const { adapter } = this.#deps
    const [block] = await adapter.headers({ first: number, last: number }, signal)
    const answer = block && (await adapter.readBalances({ keys: [key], at: block }, signal)).reads[0]
    return { block: block && { number: block.number, hash: block.hash }, answer }
  }
}

function hasCode(answer: BalanceRead | undefined): boolean {
  if (answer === undefined || answer.ok) return answer !== undefined
  return answer.reason === 'token_does_not_answer' || answer.reason === 'no_balance_function'
}

function isWithoutCode(answer: BalanceRead | undefined): boolean {
  return answer?.ok === false && answer.reason === 'not_a_token'
}

/**
 * A balance whose read shows whether the contract has code. Without a zero address, the account is the contract itself.
 * A contract without a readable sum has none, but marks apply to all assets of a contract, so another one serves as well.
 */
function codeKey(asset: AssetRef, zeroAddress: string | undefined): BalanceKey {
  return { account: zeroAddress ?? asset.reference, asset, item: NO_ITEM }
}
