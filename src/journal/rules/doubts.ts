import { assert } from '../../core/assert.ts'
import type { BlockRef } from '../../core/block.ts'
import { count, find, type Plan, scan, write } from '../plan.ts'
import { clock, ONE } from '../tables/facts.ts'
import { cursors, inDoubt, logProofs, reclassified, refutedAssets, refutedPairs } from '../tables/marks.ts'
import type { Row } from '../tables/table.ts'
import { classOf, countClasses } from './assets.ts'
import type { JournalRules } from './journal-rules.ts'
import type { PairKey } from './pairs.ts'

/** This many refuted pairs of a token put the token in doubt. */
const PAIRS_OF_A_TOKEN_IN_DOUBT = 2
/**
 * Pairs of a token that are marked one by one. With more, its supply is marked too, which puts the whole token in
 * doubt.
 */
const MAX_MARKED_PAIRS = 1_000
/** This many tokens with proven missing logs put the chain in doubt. */
const TOKENS_OF_A_CHAIN_IN_DOUBT = 2

/** Proofs that are kept. A few blocks are enough to show which logs a node omits. */
const MAX_PROOFS = 16

/** The stages of the work after logs were proven missing. */
export const STAGE = { none: 0, refetch: 1, recheck: 2 }

/** A block after all others: what was refuted at any block is resolved. */
export const ALWAYS = Number.MAX_SAFE_INTEGER

type AssetDoubt = Row<typeof refutedAssets>
type State = Row<typeof inDoubt>

const NOTHING: State = { one: 1, pairs: 0, tokens: 0, chain: false, nextBlock: undefined, stage: 0, unlooked: false }

/**
 * Sets and removes the marks of what is in doubt, for one plan. The plan ends with `publish`, so that readers see the
 * changes.
 */
export class DoubtMarks {
  readonly #rules: JournalRules
  #changed = false

  constructor(rules: JournalRules) {
    this.#rules = rules
  }

  /** `at`: the newest block then; the last written one if not given. */
  *refutePair(pair: PairKey, at?: number): Plan<void> {
    if (!(yield* this.#mayDoubt(pair.asset))) return
    const key = markOf(pair)
    const [before, block] = [yield* find(refutedPairs, key), at ?? (yield* writtenBlock())]
    if (before !== undefined && before.block >= block) return
    yield* write((changes) => changes.put(refutedPairs, before, { ...key, block }))
    this.#changed = true
    if ((yield* count(refutedPairs, { asset: pair.asset }, PAIRS_OF_A_TOKEN_IN_DOUBT)) < PAIRS_OF_A_TOKEN_IN_DOUBT)
      return
    yield* this.#mark(pair.asset, { pairs: true })
  }

  /**
   * Marks balances that may have changed without a transfer, according to events. None is proven until it is compared.
   * `at`: as for `refutePair`.
   */
  *unprove(pairs: readonly PairKey[], at?: number): Plan<void> {
    const tokens = new Map<number, PairKey[]>()
    for (const pair of pairs) {
      const own = tokens.get(pair.asset)
      if (own === undefined) tokens.set(pair.asset, [pair])
      else own.push(pair)
    }
    for (const [asset, own] of tokens) {
      if (!(yield* this.#mayDoubt(asset))) continue
      const left = Math.max(0, MAX_MARKED_PAIRS - (yield* count(refutedPairs, { asset }, MAX_MARKED_PAIRS)))
      for (const pair of own.slice(0, left)) yield* this.refutePair(pair, at)
      if (own.length > left) yield* this.refuteSupply(asset, at)
    }
  }

  /** `at`: as for `refutePair`. */
  *refuteSupply(asset: number, at?: number): Plan<void> {
    if (!(yield* this.#mayDoubt(asset))) return
    const [before, supplyBlock] = [yield* find(refutedAssets, { asset }), at ?? (yield* writtenBlock())]
    if (before?.supply === true && before.supplyBlock >= supplyBlock) return
    yield* this.#mark(asset, { supply: true, supplyBlock })
    this.#changed = true
  }

  /**
   * Resolves the doubt about a pair that was equal at a block. If it was refuted after that block, it stays in doubt.
   */
  *resolvePair(pair: PairKey, block: number): Plan<void> {
    const key = markOf(pair)
    const before = yield* find(refutedPairs, key)
    if (before === undefined || before.block > block) return
    yield* write((changes) => changes.delete(refutedPairs, key))
    this.#changed = true
    if ((yield* count(refutedPairs, { asset: pair.asset }, 1)) === 0) yield* this.#unmark(pair.asset, { pairs: false })
  }

  /**
   * Resolves the doubt about a token's supply that was equal at a block. If it was refuted after that block, it stays
   * in doubt.
   */
  *resolveSupply(asset: number, block: number): Plan<void> {
    const before = yield* find(refutedAssets, { asset })
    if (before?.supply !== true || before.supplyBlock > block) return
    yield* this.#unmark(asset, { supply: false })
    this.#changed = true
  }

  /**
   * Removes the marks of a token that was reclassified or destroyed: it is answered by reads from now on. That nodes
   * omitted logs of it stays true.
   */
  *resolveAsset(asset: number): Plan<void> {
    const pairs = yield* scan(refutedPairs, { where: { asset }, order: ['account', 'item'] })
    const before = yield* find(refutedAssets, { asset })
    if (pairs.length === 0 && before === undefined) return
    yield* write((changes) => {
      for (const { account, item } of pairs) changes.delete(refutedPairs, { asset, account, item })
    })
    yield* this.#unmark(asset, { pairs: false, supply: false })
    this.#changed = true
  }

  /**
   * Keeps or deletes the class of a reclassified token whose first transfer was rolled back. `stays`: its contract
   * existed before that transfer.
   */
  *resolveClass(asset: number, stays: boolean): Plan<void> {
    const before = yield* find(reclassified, { asset })
    if (before?.codeAt === undefined) return
    yield* write((changes) => {
      if (stays) changes.update(reclassified, before, { ...before, codeAt: undefined })
      else changes.delete(reclassified, { asset })
    })
    this.#changed = true
  }

  /** Records that logs of these tokens were proven missing, or wrong, in a block. */
  *lack(assets: ReadonlySet<number>, block: BlockRef): Plan<void> {
    if (assets.size === 0) return
    for (const asset of assets) yield* this.#mark(asset, { lacking: true })
    const lacking = yield* count(refutedAssets, { lacking: true }, TOKENS_OF_A_CHAIN_IN_DOUBT)
    yield* changeState((state) => {
      // A block below the cursor was already fetched again, with a different result. None of those results can be
      // trusted: start over.
      const isBelow = state.nextBlock === undefined || block.number < state.nextBlock
      const nextBlock = isBelow ? this.#rules.from : state.nextBlock
      const chain = state.chain || lacking >= TOKENS_OF_A_CHAIN_IN_DOUBT
      return { ...state, stage: STAGE.refetch, nextBlock, chain }
    })
    const proofs = yield* scan(logProofs, { order: ['id'] })
    const id = (proofs.at(-1)?.id ?? 0) + 1
    yield* write((changes) => {
      changes.insert(logProofs, { id, block: block.number, hash: block.hash })
      for (const proof of proofs) if (proof.id <= id - MAX_PROOFS) changes.delete(logProofs, { id: proof.id })
    })
    this.#changed = true
  }

  /**
   * Records that all blocks from the cursor up to `through` were fetched again. At the last written block, the stage
   * changes to `recheck`.
   */
  *refetched(through: number): Plan<void> {
    const { stage, nextBlock } = yield* readState()
    if (stage !== STAGE.refetch || nextBlock === undefined || through < nextBlock) return
    const written = (yield* find(clock, ONE))?.number ?? -1
    const isEnd = through >= written
    yield* changeState((state) => ({
      ...state,
      stage: isEnd ? STAGE.recheck : STAGE.refetch,
      nextBlock: through + 1,
    }))
    // Walk over all balances once more.
    if (isEnd) yield* write((changes) => changes.delete(cursors, { name: 'all' }))
  }

  /** Marks a new chain: no balance of it was compared yet. */
  *refuteAll(): Plan<void> {
    if ((yield* readState()).unlooked) return
    yield* changeState((state) => ({ ...state, unlooked: true }))
    this.#changed = true
  }

  /** Records that all balances, or some of very many, were compared. */
  *looked(at: 'all' | 'some'): Plan<void> {
    const { stage, unlooked } = yield* readState()
    if (unlooked) {
      yield* changeState((state) => ({ ...state, unlooked: false }))
      this.#changed = true
    }
    if (at === 'some' || stage !== STAGE.recheck) return
    yield* changeState((state) => ({ ...state, chain: false, stage: STAGE.none }))
    const lacking = yield* scan(refutedAssets, { where: { lacking: true }, order: ['asset'] })
    for (const { asset } of lacking) yield* this.#unmark(asset, { lacking: false })
    this.#changed = true
  }

  /** The blocks above the ancestor were replaced, so they must be fetched again once more. */
  *rolledBack(ancestor: number): Plan<void> {
    // An equal read at any block of the new branch must resolve these doubts, also while that branch is shorter.
    const pairs = yield* scan(refutedPairs, { order: ['block'], after: [ancestor] })
    const supplies = yield* scan(refutedAssets, { order: ['supplyBlock'], after: [ancestor] })
    yield* write((changes) => {
      for (const pair of pairs) changes.update(refutedPairs, pair, { ...pair, block: ancestor })
      for (const one of supplies) changes.update(refutedAssets, one, { ...one, supplyBlock: ancestor })
    })
    const { nextBlock } = yield* readState()
    const first = Math.max(this.#rules.from, ancestor + 1)
    if (nextBlock === undefined || nextBlock <= first) return
    yield* changeState((state) => ({
      ...state,
      stage: state.stage === STAGE.recheck ? STAGE.refetch : state.stage,
      nextBlock: first,
    }))
  }

  /** Records that assets may no longer be known, so that readers forget what they cached. */
  redecoded(): void {
    this.#changed = true
  }

  /** Updates the counts, so that readers see the changes of this plan. Returns true if there are any. */
  *publish(): Plan<boolean> {
    if (!this.#changed) return false
    this.#changed = false
    const [pairs, tokens] = [yield* count(refutedPairs, {}), yield* count(refutedAssets, {})]
    yield* changeState((state) => ({ ...state, pairs, tokens }))
    yield* countClasses()
    return true
  }

  /** True for tokens that are answered from events, unless the configuration fixes their class. */
  *#mayDoubt(asset: number): Plan<boolean> {
    const { accounting, isFixed } = yield* classOf(asset, this.#rules)
    return accounting === 'events' && !isFixed
  }

  *#mark(asset: number, reasons: Partial<AssetDoubt>): Plan<void> {
    const before = yield* find(refutedAssets, { asset })
    const none: AssetDoubt = { asset, pairs: false, supply: false, lacking: false, supplyBlock: 0 }
    yield* write((changes) => changes.put(refutedAssets, before, { ...none, ...before, ...reasons }))
  }

  /** Takes reasons back. Without any, the token is no longer in doubt. */
  *#unmark(asset: number, reasons: Partial<AssetDoubt>): Plan<void> {
    const before = yield* find(refutedAssets, { asset })
    if (before === undefined) return
    const after = { ...before, ...reasons }
    yield* write((changes) => {
      if (after.pairs || after.supply || after.lacking) changes.update(refutedAssets, before, after)
      else changes.delete(refutedAssets, { asset })
    })
  }
}

/** What is in doubt, and how far the work about it got. */
export function* readState(): Plan<State> {
  return (yield* find(inDoubt, ONE)) ?? NOTHING
}

function* changeState(change: (state: State) => State): Plan<void> {
  const before = yield* find(inDoubt, ONE)
  yield* write((changes) => changes.put(inDoubt, before, change(before ?? NOTHING)))
}

function* writtenBlock(): Plan<number> {
  const row = yield* find(clock, ONE)
  assert(row !== undefined, 'the clock row exists once the chain was claimed')
  return row.number ?? 0
}

function markOf({ asset, account, item }: PairKey): Pick<PairKey, 'asset' | 'account' | 'item'> {
  return { asset, account, item }
}
