/** The full form of `ledger.test.ts`. */
import { test } from 'vitest'
import { ENGINES } from '../store/engines.ts'
import { killLedger } from './killed-ledger.ts'

test.each(ENGINES)(
  '$name: 10,000 operations of 50 clients, the server killed 20 times: each is acknowledged once, none is done twice, all sums are right',
  async ({ makePlace }) => {
    await killLedger(await makePlace(), { operations: 10_000, kills: 20 })
  },
  900_000,
)
