import { test } from 'vitest'
import { ENGINES } from '../store/engines.ts'
import { walkOverWallets } from './custody-walk.ts'

test.each(ENGINES)(
  '$name: a walk over many wallets on one connection goes on while the node is dead, with the old times',
  async ({ isFull, makePlace }) => {
    await walkOverWallets(await makePlace(), isFull ? 500 : 60)
  },
  180_000,
)
