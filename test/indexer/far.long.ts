/** The suites of the indexer on the engines that are not in this process. */
import { readdirSync } from 'node:fs'
import { ENGINES } from '../store/engines.ts'
import { rigsOn } from './harness.ts'

const [, far] = ENGINES
if (far !== undefined) rigsOn(far)
const suites = readdirSync(import.meta.dirname).flatMap((file) => /^(.*)\.test\.ts$/.exec(file)?.[1] ?? [])
for (const suite of suites) if (suite !== 'far') await import(`./${suite}.test.ts`)
