import { expect, test } from 'vitest'
import { ENGINES } from '../store/engines.ts'
import { killLedger } from './killed-ledger.ts'

/** The short forms. `ledger.long.ts` has 10,000 operations and 20 kills. */
test.each([
  { engine: 'sqlite', operations: 4_000, kills: 8 },
  { engine: 'postgres', operations: 600, kills: 2 },
])(
  '$engine: $operations operations of 50 clients, the server killed $kills times: each is acknowledged once, none is done twice, all sums are right',
  async ({ engine, ...run }) => {
    const { makePlace } = ENGINES.find(({ name }) => name === engine) ?? expect.fail()
    await killLedger(await makePlace(), run)
  },
  240_000,
)
