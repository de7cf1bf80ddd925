import type { Reclassification, ReclassifyOutcome } from '../audit-outcomes.ts'
import { type Plan, write } from '../plan.ts'
import { reclassified } from '../tables/marks.ts'
import { classOf, countClasses, obtainAsset } from './assets.ts'
import { DoubtMarks } from './doubts.ts'
import { addReclassified } from './feed.ts'
import type { JournalRules } from './journal-rules.ts'
import { holds } from './own-blocks.ts'

/** Reclassifies a token to `reads`: one row, whatever the token's size. `at`: Unix seconds. */
export function* reclassify(
  reclassification: Reclassification,
  at: number,
  rules: JournalRules,
): Plan<ReclassifyOutcome> {
  if (!(yield* holds(reclassification.block))) return 'not_canonical'
  const outcome = yield* reclassifyAt(reclassification, at, rules)
  if (outcome === 'reclassified') yield* addReclassified(rules)
  return outcome
}

/** The same at a block that is known to be ours. */
export function* reclassifyAt(
  reclassification: Reclassification,
  at: number,
  rules: JournalRules,
): Plan<ReclassifyOutcome> {
  const doubts = new DoubtMarks(rules)
  const outcome = yield* markReclassified(reclassification, at, { rules, doubts })
  yield* doubts.publish()
  return outcome
}

/** Writes the row of a token that is reclassified at a block of ours. `at`: Unix seconds. */
export function* markReclassified(
  { asset, block, reason, evidence }: Reclassification,
  at: number,
  { rules, doubts }: { readonly rules: JournalRules; readonly doubts: DoubtMarks },
): Plan<ReclassifyOutcome> {
  const { id } = yield* obtainAsset(asset)
  const { accounting, isFixed } = yield* classOf(id, rules)
  if (isFixed) return 'fixed'
  if (accounting === 'reads') return 'already'
  const account = evidence.account === undefined ? undefined : rules.codec.encode(evidence.account)
  const { item, journal, chain } = evidence
  yield* write((changes) => {
    const where = { block: block.number, hash: block.hash, reason }
    const found = { account, item, journal, chain, turnedAt: at, codeAt: undefined }
    changes.insert(reclassified, { asset: id, ...where, ...found })
  })
  yield* doubts.resolveAsset(id)
  yield* countClasses()
  return 'reclassified'
}
