import { test } from 'vitest'
import { walkOverWallets } from './custody-walk.ts'

test('a walk over 500 wallets on one connection goes on while the node is dead, with the old times', async () => {
  await walkOverWallets(500)
}, 180_000)
