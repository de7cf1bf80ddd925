import { ENGINES } from '../store/engines.ts'
import { testBudget } from './budget.ts'

for (const engine of ENGINES.filter(({ isNear }) => isNear)) testBudget(engine)
