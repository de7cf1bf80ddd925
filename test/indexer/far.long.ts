/** The suites of the indexer on the engines that are not in this process. */
import { readdirSync } from 'node:fs'
import { ENGINES } from '../store/engines.ts'
import { rigsOn } from './harness.ts'

const [, far] = ENGINES
if (far !== undefined) rigsOn(far)
for (const file of readdirSync(import.meta.dirname).filter(
  (name) => name.endsWith('.test.ts') && name !== 'far.test.ts',
))
  await import(`./${file}`)
