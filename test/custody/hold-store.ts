/** One wallet, one address and one asset, for holds of several processes. */
import { assert } from '../../src/core/assert.ts'
import type { AssetRef } from '../../src/core/asset.ts'
import { parseChainId } from '../../src/core/chain.ts'
import type { Hold } from '../../src/core/custody.ts'
import type { Store } from '../../src/store/seam/store.ts'

const CHAIN = parseChainId('eip155:1')
assert(CHAIN !== undefined, 'the chain id is one')
/** The chain of the holds. */
export const HOLD_CHAIN = CHAIN
const ADDRESS = `0x${'1'.repeat(40)}`
const GOLD: AssetRef = { standard: 'erc20', reference: `0x${'a'.repeat(40)}` }

/** A hold of the wallet `w1`. */
export function holdOf(parts: Pick<Hold, 'id' | 'requestId' | 'amount'>): Omit<Hold, 'status' | 'releasedAt'> {
  return { ...parts, wallet: 'w1', chain: HOLD_CHAIN, address: ADDRESS, asset: GOLD, createdAt: 1 }
}

/** Adds the wallet, its address and its asset to a store. */
export async function addHoldWallet(store: Store): Promise<void> {
  const { wallets, addresses, members } = store.custody
  const times = { createdAt: 1, updatedAt: 1 }
  const wallet = {
    uuid: 'w1',
    principal: 'ann',
    type: 'MPC',
    name: 'w',
    status: 'active',
    metadata: '{}',
    ...times,
  } as const
  await wallets.add(wallet, 9)
  await addresses.add({ principal: 'ann', wallet: 'w1', family: 'evm', address: ADDRESS, at: 1, max: 9 })
  await members.add([{ family: 'evm', address: ADDRESS, chain: HOLD_CHAIN, asset: GOLD }], 1)
}
