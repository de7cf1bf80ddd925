import { createKey } from '../../src/access/keys.ts'
import type { Wallet } from '../../src/core/custody.ts'
import { commitGroup } from '../../src/ledger/group-commit.ts'
import { genesisOf } from '../../src/ledger/record.ts'
import type { Store } from '../../src/store/seam/store.ts'
import { CHAIN } from '../indexer/harness.ts'
import { BEGAN, CHAIN as LEDGER, OPERATIONS } from '../ledger/ledger.ts'
import { ACCOUNTS, ASSETS } from './chains.ts'

export const WALLET: Wallet = {
  uuid: 'w1',
  principal: 'p',
  type: 'MPC',
  name: "o'neil",
  status: 'active',
  metadata: '{}',
  createdAt: 1,
  updatedAt: 1,
}

/** Fills a store with something of everything that no node returns, except a ledger. */
export async function fillRecords(store: Store): Promise<void> {
  await store.users.put({
    ...{ id: 'u1', name: 'ada', passwordHash: '$', principal: 'p', createdAt: 1, disabledAt: undefined },
  })
  const { stored } = createKey({ name: 'k', createdAt: 2 })
  await store.keys.putOfUser({ ...stored, userId: 'u1' }, 2)
  await store.keys.noteUses(new Map([[stored.id, 9]]))
  await store.prices.put([{ asset: 'eip155:1/slip44:60', at: 5, price: '3000.5' }], 0)
  await store.custody.wallets.add(WALLET, 9)
  const [address = ''] = ACCOUNTS
  await store.custody.addresses.add({ principal: 'p', wallet: 'w1', family: 'evm', address, at: 3, max: 9 })
  await store.custody.members.add([{ family: 'evm', address, chain: CHAIN, asset: ASSETS[0] }], 4)
}

/** Writes a ledger, each second operation with a key. */
export async function fillLedger({ ledgers }: Store): Promise<void> {
  const journal = await ledgers.openJournal(LEDGER, genesisOf(LEDGER, BEGAN))
  for (const [at, operation] of OPERATIONS.entries()) {
    const key = { scope: '/mint', key: `key-${at}`, fingerprint: 'ab'.repeat(32) }
    const request = { operation, idempotency: at % 2 === 0 ? key : undefined }
    await commitGroup(journal, [request], { rules: { strictWallets: false }, now: BEGAN + at })
  }
  await journal.close()
}
