import type { AssetRef } from '../../core/asset.ts'
import type { BalanceKey } from '../../core/balance.ts'
import type { BlockRef } from '../../core/block.ts'
import { isFungible } from '../../core/standards.ts'
import type { Refutation } from '../audit-outcomes.ts'
import type { Plan } from '../plan.ts'
import { findAsset, obtainAsset } from './assets.ts'
import { ALWAYS, DoubtMarks } from './doubts.ts'
import { addReclassified } from './feed.ts'
import type { JournalRules } from './journal-rules.ts'
import { holds } from './own-blocks.ts'
import { type PairKey, readPair } from './pairs.ts'
import { newestOpening, SINCE_COVERAGE } from './segments.ts'

/** Marks balances and supplies as refuted. `all`: nothing of a new chain was compared yet. */
export function* refute(refuted: readonly Refutation[] | 'all', rules: JournalRules): Plan<void> {
  const doubts = new DoubtMarks(rules)
  if (refuted === 'all') yield* doubts.refuteAll()
  else {
    for (const { asset, account, item } of refuted) {
      const { id } = yield* obtainAsset(asset)
      if (account === undefined) yield* doubts.refuteSupply(id)
      else yield* doubts.refutePair(pairOf({ account, asset, item }, id, rules))
    }
  }
  if (yield* doubts.publish()) yield* addReclassified(rules)
}

/** What was equal at a block of ours. `classes`: tokens whose contract existed before a reorg (`stays`), or did not. */
export type Equal = {
  readonly block: BlockRef
  readonly keys: readonly BalanceKey[]
  readonly supplies: readonly AssetRef[]
  readonly classes?: readonly { readonly asset: AssetRef; readonly stays: boolean }[]
}

/** Removes the doubt about balances and supplies that were equal. Does nothing if the block is not ours. */
export function* resolve({ block, keys, supplies, classes = [] }: Equal, rules: JournalRules): Plan<void> {
  if (!(yield* holds(block))) return
  const doubts = new DoubtMarks(rules)
  for (const key of keys) {
    const stored = yield* findAsset(key.asset)
    if (stored === undefined) continue
    const pair = pairOf(key, stored.id, rules)
    if (yield* isWhole(pair)) yield* doubts.resolvePair(pair, block.number)
  }
  for (const asset of supplies) {
    const stored = yield* findAsset(asset)
    if (stored !== undefined) yield* doubts.resolveSupply(stored.id, block.number)
  }
  for (const { asset, stays } of classes) {
    const stored = yield* findAsset(asset)
    if (stored !== undefined) yield* doubts.resolveClass(stored.id, stays)
  }
  if (yield* doubts.publish()) yield* addReclassified(rules)
}

/** Removes the marks of supplies of contracts that turned out to have only items, by id. */
export function* forgetSupplies(ids: readonly number[], rules: JournalRules): Plan<void> {
  const doubts = new DoubtMarks(rules)
  for (const id of ids) yield* doubts.resolveSupply(id, ALWAYS)
  if (yield* doubts.publish()) yield* addReclassified(rules)
}

/** Records that all blocks up to `through` were fetched again, since logs were proven missing. */
export function* refetched(through: number, rules: JournalRules): Plan<void> {
  yield* new DoubtMarks(rules).refetched(through)
}

/** Records that balances were compared: all of them, or some of very many. */
export function* looked(at: 'all' | 'some', rules: JournalRules): Plan<void> {
  const doubts = new DoubtMarks(rules)
  yield* doubts.looked(at)
  if (yield* doubts.publish()) yield* addReclassified(rules)
}

/** False if the sum left the range of amounts, or if the events contradict the newest read. */
function* isWhole(pair: PairKey): Plan<boolean> {
  const [newest, position] = [yield* newestOpening(pair), yield* readPair(pair)]
  return position?.closedBlock === undefined && (newest === undefined || newest.since === SINCE_COVERAGE)
}

/** The pair of a balance. */
export function pairOf({ account, asset, item }: BalanceKey, id: number, { codec }: JournalRules): PairKey {
  return { account: codec.encode(account), asset: id, item, fungible: isFungible(asset.standard) }
}
