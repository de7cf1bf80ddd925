import { test } from 'vitest'
import { walkOverWallets } from './custody-walk.ts'

test('a walk over 5,000 wallets on one connection goes on while the node is dead, with the old times', async () => {
  await walkOverWallets(5_000)
}, 900_000)
