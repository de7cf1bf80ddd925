import { Changeset, type Plan } from '../../../journal/plan.ts'
import type { JournalTables } from './journal-tables.ts'

/** Runs a plan to its end inside the journal's transaction. Returns its result. */
export function runPlan<Result>(tables: JournalTables, plan: Plan<Result>): Result {
  for (;;) {
    const step = plan.next()
    if (step.done === true) return step.value
    if (step.value instanceof Changeset) tables.apply(step.value)
    else tables.answer(step.value)
  }
}
