/** Some suites of the indexer on an engine whose store is a server: `far.long.ts` runs all of them there. */
import { ENGINES } from '../store/engines.ts'
import { rigsOn } from './harness.ts'

const [, far] = ENGINES
if (far !== undefined) rigsOn(far)
await import('./reorg.test.ts')
await import('./hints.test.ts')
