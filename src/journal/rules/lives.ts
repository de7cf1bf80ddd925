import type { BlockRef } from '../../core/block.ts'
import type { Ending, Readability } from '../audit-outcomes.ts'
import { find, lookup, type Plan, scan, write } from '../plan.ts'
import { assets } from '../tables/facts.ts'
import { endings, unreadable } from '../tables/marks.ts'
import type { Row } from '../tables/table.ts'
import { countClasses, findAssets } from './assets.ts'
import { DoubtMarks } from './doubts.ts'
import { addReclassified } from './feed.ts'
import type { JournalRules } from './journal-rules.ts'
import { holds, holdsOrForgot } from './own-blocks.ts'

type EndingRow = Row<typeof endings>

/** What is known of a destroyed contract that was looked at. */
type Look = { readonly reference: string; readonly seen: BlockRef }

/** Records that a contract has no code. Returns false if a block is not ours, or if this was recorded before. */
export function* recordEnd({ reference, block, seen }: Ending, rules: JournalRules): Plan<boolean> {
  if (!(yield* holdsOrForgot(seen)) || !(yield* holdsOrForgot(block))) return false
  const doubts = new DoubtMarks(rules)
  const isChanged = yield* changeMarks(
    { reference, rules },
    (asset, before) => {
      if (before !== undefined && before.again === undefined) return before
      // A second end keeps the block of the first one: events have proven nothing since then.
      const isFirst = before === undefined || before.unsure
      return { asset, block: isFirst ? block.number : before.block, again: undefined, unsure: false }
    },
    (asset) => doubts.resolveAsset(asset),
  )
  yield* doubts.publish()
  return isChanged
}

/** Records that a destroyed contract has code again. Returns false as for `recordEnd`. */
export function* recordNewCode({ reference, seen }: Look, rules: JournalRules): Plan<boolean> {
  if (!(yield* holdsOrForgot(seen))) return false
  return yield* changeMarks({ reference, rules }, (_, before) =>
    before === undefined || before.again !== undefined ? before : { ...before, again: seen.number },
  )
}

/** Deletes the mark of a contract whose end was on a lost branch and that has not ended since. Returns false as above. */
export function* confirmAlive({ reference, seen }: Look, rules: JournalRules): Plan<boolean> {
  if (!(yield* holdsOrForgot(seen))) return false
  return yield* changeMarks({ reference, rules }, (_, before) => (before?.unsure === true ? undefined : before))
}

/** Changes the mark of each asset of a contract. Returns true if any changed; readers then see the change. */
function* changeMarks(
  { reference, rules }: { readonly reference: string; readonly rules: JournalRules },
  change: (asset: number, before: EndingRow | undefined) => EndingRow | undefined,
  changed: (asset: number) => Plan<void> = nothing,
): Plan<boolean> {
  const rows = yield* scan(assets, { where: { reference }, order: ['standard'] })
  const marks = yield* lookup(
    endings,
    rows.map(({ id }) => ({ asset: id })),
  )
  let isChanged = false
  for (const [index, { id: asset }] of rows.entries()) {
    const before = marks[index]
    const after = change(asset, before)
    if (after === before) continue
    isChanged = true
    yield* write((changeset) => {
      if (after === undefined) changeset.delete(endings, { asset })
      else changeset.put(endings, before, after)
    })
    yield* changed(asset)
  }
  if (!isChanged) return false
  yield* countClasses()
  yield* addReclassified(rules)
  return true
}

function* nothing(): Plan<void> {}

/**
 * Records which tokens are readable at a block. Does nothing if the block is not ours. A token that is still unreadable
 * keeps its first block, so a rollback to a later block does not change it.
 */
export function* noteReadability(
  { block, unreadable: silent, answering }: Readability,
  rules: JournalRules,
): Plan<void> {
  if (!(yield* holds(block))) return
  let isChanged = false
  for (const [list, isSilent] of [
    [silent, true],
    [answering, false],
  ] as const) {
    for (const row of yield* findAssets(list)) {
      if (row === undefined) continue
      const before = yield* find(unreadable, { asset: row.id })
      const isKnown = before !== undefined && before.until === undefined
      if (isKnown === isSilent) continue
      const asset = row.id
      yield* write((changeset) => {
        if (isSilent) changeset.put(unreadable, before, { asset, since: block.number, until: undefined })
        else if (before !== undefined) changeset.update(unreadable, before, { ...before, until: block.number })
      })
      isChanged = true
    }
  }
  if (!isChanged) return
  yield* countClasses()
  yield* addReclassified(rules)
}
