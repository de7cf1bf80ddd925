import { setImmediate as nextTurn } from 'node:timers/promises'
import type { BalanceRead, ChainAdapter, FetchScope } from '../chains/adapter.ts'
import { type AssetRef, NO_ITEM } from '../core/asset.ts'
import type { BalanceKey, Observation } from '../core/balance.ts'
import type { BlockRef, Header } from '../core/block.ts'
import type { Coverage } from '../core/coverage.ts'
import { isServiceError } from '../core/errors.ts'
import type { BlockTransfers } from '../core/transfer.ts'
import type { Evidence, TurnReason } from '../store/audits.ts'
import type { ChainReads, Journal } from '../store/store.ts'
import { findParting, isSteady, type Standing } from './audit-verdict.ts'
import { backfill } from './backfill.ts'
import type { StateWindow } from './state-window.ts'

/** Blocks at which chain and journal are found to part, one after the other, before the pair's whole logs are fetched. */
const MAX_PARTINGS = 8
/** Blocks whose receipts are fetched at once. */
const BLOCKS_AT_ONCE = 4
/** Greatest holders looked at where a supply differs. */
const HOLDERS_LOOKED_AT = 200
/** Transfers up to which all of a token's logs are fetched again where its supply differs. */
const MAX_TRANSFERS_FETCHED = 20_000

/** An amount of the chain that the journal does not have: of an account, or of a whole token. */
export type Suspect = {
  readonly reason: TurnReason
  readonly asset: AssetRef
  readonly block: BlockRef
  readonly evidence: Evidence
}

type PairSuspect = Suspect & { readonly key: BalanceKey }

/**
 * What became of a suspicion. `gone`: it did not hold, or its block went. `unsteady`: the node does not say the same
 * twice. `odd`: all logs are there, and they do not explain the amount.
 */
export type Verdict =
  | { readonly is: 'gone' | 'unsteady' | 'odd' }
  | { readonly is: 'repaired'; readonly transfers: number; readonly blocks: readonly number[] }

export type CaseParts = {
  readonly adapter: ChainAdapter
  readonly journal: Journal
  readonly reads: ChainReads
  readonly coverage: Coverage
  /** The account that stands for nobody, where the kind of chain has one. */
  readonly nobody: string | undefined
  readonly window: StateWindow
  /** Monotonic milliseconds. */
  readonly now: () => number
}

/** Looks into suspicions, one at a time: asks again, finds where chain and journal part, fetches what may be missing. */
export class Investigator {
  readonly #parts: CaseParts
  #repairs: { transfers: number; blocks: number[] } = { transfers: 0, blocks: [] }

  constructor(parts: CaseParts) {
    this.#parts = parts
  }

  /** @throws NODE_* nothing is decided; STORE_UNAVAILABLE, LEASE_LOST */
  async investigate(suspect: Suspect, signal: AbortSignal): Promise<Verdict> {
    this.#repairs = { transfers: 0, blocks: [] }
    const { account, item } = suspect.evidence
    if (account === undefined) return this.#supply(suspect, signal)
    return this.#balance({ ...suspect, key: { account, asset: suspect.asset, item } }, signal)
  }

  async #balance(suspect: PairSuspect, signal: AbortSignal): Promise<Verdict> {
    const { key, block, evidence } = suspect
    if (!(await this.#isSteady(suspect, signal))) return { is: 'unsteady' }
    const read: Observation = { ...key, amount: evidence.chain, block, observedAt: 0 }
    const byRange = suspect.reason === 'range'
    const { journal } = this.#parts
    const differs = async (): Promise<boolean> =>
      byRange
        ? !(await journal.audits.expected(key, block.number)).whole
        : (await journal.adopt([read]))[0]?.outcome === 'different'
    if (!(await differs())) return { is: 'gone' }
    for (let round = 0; round < MAX_PARTINGS; round++) {
      const parting = await this.#parting(suspect, signal)
      if (parting === undefined) break
      if ((await this.#fetchAgain([parting], signal)) === 0) return this.#repaired('odd')
      if (!(await differs())) return this.#repaired('gone')
    }
    const scope: FetchScope = { type: 'pair', token: key.asset.reference, account: key.account }
    await this.#fetchMissing({ asset: key.asset, account: key.account, scope, last: block.number }, signal)
    return this.#repaired((await differs()) ? 'odd' : 'gone')
  }

  /** What was repaired on the way is told; what stays odd after that is for the next round to see. */
  #repaired(otherwise: 'odd' | 'gone'): Verdict {
    const { transfers, blocks } = this.#repairs
    return transfers === 0 ? { is: otherwise } : { is: 'repaired', transfers, blocks }
  }

  /** Asks for the amount again: by hash, by number, and of another node where there is one. */
  async #isSteady({ key, block, evidence }: PairSuspect, signal: AbortSignal): Promise<boolean> {
    const answers: (BalanceRead | undefined)[] = []
    for (const ask of [undefined, 'by_number', 'another_node'] as const) {
      const request = { keys: [key], at: block, ...(ask === undefined ? {} : { ask }) }
      answers.push((await this.#parts.adapter.readBalances(request, signal)).reads[0])
    }
    return isSteady(answers, evidence.chain)
  }

  /** The block at which the chain left what the journal says; undefined where nobody remembers so much state. */
  async #parting({ reason, key, block: head }: PairSuspect, signal: AbortSignal): Promise<number | undefined> {
    const { coverage, window } = this.#parts
    // An opening that coverage did not give is itself derived from the chain: there is no side to part from.
    if (reason === 'range' && coverage.from > 0) return undefined
    return findParting({ first: coverage.from, last: head.number, whole: coverage.from === 0 }, async (number) =>
      window.reaches(number, head) ? this.#standing(key, number, signal) : 'unknown',
    )
  }

  /** How chain and journal stand to each other at the end of a block. */
  async #standing(key: BalanceKey, number: number, signal: AbortSignal): Promise<Standing> {
    const { adapter, journal, window } = this.#parts
    const [at] = await adapter.headers({ first: number, last: number }, signal)
    if (at === undefined) return 'unknown'
    const [read] = (await adapter.readBalances({ keys: [key], at }, signal)).reads
    if (read?.ok !== true) {
      if (read?.reason === 'no_archive') window.failed()
      return 'unknown'
    }
    const { amount: ours } = await journal.audits.expected(key, number)
    return ours === undefined ? 'unknown' : ours === read.amount ? 'equal' : 'different'
  }

  /** Fetches all logs of a scope again, and then whole the blocks whose transfers we do not have so. */
  async #fetchMissing(
    what: { asset: AssetRef; account: string | undefined; scope: FetchScope; last: number },
    signal: AbortSignal,
  ): Promise<number> {
    const { adapter, journal, coverage, now } = this.#parts
    const { asset, account, scope, last } = what
    let changed = 0
    for await (const batch of backfill({ adapter, scope, first: coverage.from, last, signal, now })) {
      const range = { first: batch.first, last: batch.through.number }
      const blocks = await journal.audits.differing({ asset, account, ...range, blocks: batch.blocks })
      changed += await this.#fetchAgain(blocks, signal)
    }
    return changed
  }

  /** Fetches blocks by their receipts and makes the journal's be so; returns how many transfers that changed. */
  async #fetchAgain(numbers: readonly number[], signal: AbortSignal): Promise<number> {
    const { adapter, journal } = this.#parts
    let changed = 0
    for (let at = 0; at < numbers.length; at += BLOCKS_AT_ONCE) {
      const some = numbers.slice(at, at + BLOCKS_AT_ONCE)
      const headers = (
        await Promise.all(some.map((number) => adapter.headers({ first: number, last: number }, signal)))
      ).flat()
      const blocks = await this.#transfersOf(headers, signal)
      const { inserted, removed } = await journal.repair(blocks)
      changed += inserted + removed
      if (inserted + removed > 0) this.#repairs.blocks.push(...some)
    }
    this.#repairs.transfers += changed
    return changed
  }

  /** From receipts, which cannot be short; where no node keeps them, from the logs once more. */
  async #transfersOf(headers: readonly Header[], signal: AbortSignal): Promise<readonly BlockTransfers[]> {
    const { adapter, coverage } = this.#parts
    const asked = { headers, scope: coverage.scope }
    try {
      return await adapter.transfersOf({ ...asked, source: 'receipts' }, signal)
    } catch (error) {
      if (!isServiceError(error, 'NODE_RPC')) throw error
      return adapter.transfersOf(asked, signal)
    }
  }

  async #supply(suspect: Suspect, signal: AbortSignal): Promise<Verdict> {
    const { adapter, journal, reads } = this.#parts
    const { asset, block, evidence } = suspect
    const again = await this.supplyAt(asset, block, signal)
    if (again === undefined || !again.includes(evidence.chain)) return { is: 'unsteady' }
    if (evidence.journal !== undefined && again.includes(evidence.journal)) return { is: 'gone' }
    await nextTurn()
    const { rows } = await reads.holders({ asset, offset: 0, limit: HOLDERS_LOOKED_AT })
    const keys = rows.map(({ account }) => ({ account, asset, item: NO_ITEM }))
    const answers = keys.length === 0 ? [] : (await adapter.readBalances({ keys, at: block }, signal)).reads
    const observed = keys.flatMap((key, index): Observation[] => {
      const answer = answers[index]
      return answer?.ok === true ? [{ ...key, amount: answer.amount, block, observedAt: 0 }] : []
    })
    for (const [index, judgement] of (await journal.adopt(observed)).entries()) {
      const read = observed[index]
      if (judgement.outcome !== 'different' || read === undefined) continue
      const { account, item, amount } = read
      const pair: Evidence = { account, item, journal: judgement.journal, chain: amount }
      return this.#balance({ reason: 'balance', asset, block, evidence: pair, key: read }, signal)
    }
    const stored = await reads.audits.tokens({ accounting: undefined, after: await this.#idBefore(asset), limit: 1 })
    if ((stored[0]?.transfers ?? 0) > MAX_TRANSFERS_FETCHED) return { is: 'odd' }
    const scope: FetchScope = { type: 'tokens', tokens: [asset.reference] }
    await this.#fetchMissing({ asset, account: undefined, scope, last: block.number }, signal)
    return this.#repaired('odd')
  }

  /**
   * What a token says exists at a block: its total, and its total without what lies with nobody, which some tokens
   * count. Undefined where it does not say.
   */
  async supplyAt(asset: AssetRef, block: BlockRef, signal: AbortSignal): Promise<readonly bigint[] | undefined> {
    const { adapter, nobody } = this.#parts
    const [facts] = (await adapter.readTokens([asset], signal, block)).facts
    if (facts?.totalSupply === undefined) return undefined
    if (nobody === undefined) return [facts.totalSupply]
    const key = { account: nobody, asset, item: NO_ITEM }
    const [lost] = (await adapter.readBalances({ keys: [key], at: block }, signal)).reads
    return lost?.ok === true ? [facts.totalSupply, facts.totalSupply - lost.amount] : [facts.totalSupply]
  }

  async #idBefore(asset: AssetRef): Promise<number> {
    return ((await this.#parts.reads.asset(asset))?.id ?? 1) - 1
  }
}
