import { Changeset, type Plan } from '../../../journal/plan.ts'
import type { Queries } from '../database.ts'
import { answer, apply } from './journal-tables.ts'

/** Runs a plan to its end inside a transaction. Returns its result. */
export async function runPlan<Result>(queries: Queries, plan: Plan<Result>): Promise<Result> {
  for (;;) {
    const step = plan.next()
    if (step.done === true) return step.value
    if (step.value instanceof Changeset) await apply(queries, step.value)
    else for (const need of step.value) await answer(queries, need)
  }
}
