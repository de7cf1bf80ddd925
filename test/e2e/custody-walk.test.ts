import { test } from 'vitest'
import { ENGINES } from '../store/engines.ts'
import { walkOverWallets } from './custody-walk.ts'

test.each(ENGINES.filter(({ isFull }) => isFull))(
  '$name: a walk over many wallets on one connection goes on while the node is dead, with the old times',
  async ({ makePlace }) => {
    await walkOverWallets(await makePlace(), 500)
  },
  180_000,
)
