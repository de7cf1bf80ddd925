import { test } from 'vitest'
import { killLedger } from './killed-ledger.ts'

/** The short form. `ledger.long.ts` has 10,000 operations and 20 kills. */
test('4,000 operations of 50 clients, the server killed 8 times: each is acknowledged once, none is done twice, all sums are right', async () => {
  await killLedger({ operations: 4_000, kills: 8 })
}, 240_000)
