/** The full form of `ledger.test.ts`. */
import { test } from 'vitest'
import { killLedger } from './killed-ledger.ts'

test('10,000 operations of 50 clients, the server killed 20 times: each is acknowledged once, none is done twice, all sums are right', async () => {
  await killLedger({ operations: 10_000, kills: 20 })
}, 600_000)
