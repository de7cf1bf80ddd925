import type { CustodyStore } from '../../seam/custody.ts'
import { StoredAddresses } from './addresses.ts'
import type { CustodyEngine } from './custody-engine.ts'
import { StoredHolds } from './holds.ts'
import { StoredMembers } from './members.ts'
import { StoredVendorIds } from './vendor-ids.ts'
import { StoredWallets } from './wallets.ts'

/**
 * Custody on any engine. `durable`: its commits are on disk before they return. The index of what is listed is not durable, since
 * it is found again in the journals.
 */
export function createCustodyStore(engines: {
  readonly durable: CustodyEngine
  readonly index: CustodyEngine
}): CustodyStore {
  const { durable, index } = engines
  return {
    wallets: new StoredWallets(durable),
    addresses: new StoredAddresses(durable),
    members: new StoredMembers(index),
    holds: new StoredHolds(durable),
    ids: new StoredVendorIds(durable),
  }
}
