import { test } from 'vitest'
import { ENGINES } from '../store/engines.ts'
import { walkOverWallets } from './custody-walk.ts'

test.each(ENGINES)(
  '$name: a walk over 5,000 wallets on one connection goes on while the node is dead, with the old times',
  async ({ makePlace }) => {
    await walkOverWallets(await makePlace(), 5_000)
  },
  900_000,
)
