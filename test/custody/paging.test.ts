import { ENGINES } from '../store/engines.ts'
import { describePaging } from './paging-suite.ts'

for (const engine of ENGINES) describePaging(engine, engine.isNear ? 1_000 : 100)
