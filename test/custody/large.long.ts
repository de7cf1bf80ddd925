/** The full forms of `paging.test.ts` and `budget.test.ts` for engines whose short forms are smaller. */
import { ENGINES } from '../store/engines.ts'
import { testBudget } from './budget.ts'
import { describePaging } from './paging-suite.ts'

for (const engine of ENGINES.filter(({ isNear }) => !isNear)) {
  describePaging(engine, 1_000)
  testBudget(engine)
}
